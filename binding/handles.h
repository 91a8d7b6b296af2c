// JavaScript refers to a tensor by a number, (thread * 2^20 + generation) * 2^24 + slot. A slot's
// generation grows when its tensor is disposed, and every JavaScript thread has its own number. So a handle
// of a disposed tensor, or of another thread's tensor, is an error, and not another tensor.
#pragma once
#include <ATen/ATen.h>

#include <bitset>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "js.h"

namespace binding {

// 9 + 20 + 24 bits: a JavaScript number holds 53 exactly.
constexpr uint64_t kThreads = uint64_t{1} << 9;
constexpr uint64_t kGenerations = uint64_t{1} << 20;
constexpr uint64_t kSlots = uint64_t{1} << 24;

struct ThreadNumbers {
  std::mutex mutex;
  std::bitset<kThreads> taken;
  uint64_t next = 0;
};

inline ThreadNumbers& threadNumbers() {
  static ThreadNumbers numbers;
  return numbers;
}

// A number that no other JavaScript thread of this process has at the same time. Numbers are assigned in
// turn, so that the number of an ended thread is reused late.
class ThreadNumber {
 public:
  ThreadNumber() {
    auto& all = threadNumbers();
    std::lock_guard<std::mutex> lock(all.mutex);
    if (all.taken.all()) fail("more than " + std::to_string(kThreads) + " threads use libtorch: end some workers");
    while (all.taken[all.next]) all.next = (all.next + 1) % kThreads;
    number_ = all.next;
    all.taken[number_] = true;
    all.next = (number_ + 1) % kThreads;
  }
  ~ThreadNumber() {
    auto& all = threadNumbers();
    std::lock_guard<std::mutex> lock(all.mutex);
    all.taken[number_] = false;
  }
  ThreadNumber(const ThreadNumber&) = delete;
  ThreadNumber& operator=(const ThreadNumber&) = delete;

  operator uint64_t() const { return number_; }

 private:
  uint64_t number_;
};

class Handles {
 public:
  double add(at::Tensor tensor) {
    const uint64_t index = freeSlot();
    Slot& slot = slots_[index];
    slot.tensor = std::move(tensor);
    live_++;
    return static_cast<double>(tag(slot) * kSlots + index);
  }

  // Null if there is no such tensor now.
  const at::Tensor* find(double handle) {
    const Slot* slot = slotOf(handle);
    return slot ? &slot->tensor : nullptr;
  }

  // The reference holds until a tensor is added or disposed.
  const at::Tensor& at(double handle) {
    if (const auto* tensor = find(handle)) return *tensor;
    if (isForeign(handle)) fail("this tensor belongs to another thread: post its elements instead");
    fail("expected a live tensor, but this one was disposed (or is not a tensor)");
  }

  void dispose(double handle) {
    Slot* slot = slotOf(handle);
    if (!slot) return;
    const at::Tensor gone = std::exchange(slot->tensor, at::Tensor());
    live_--;
    // A slot whose generations are used up stays empty.
    if (++slot->generation < kGenerations) free_.push_back(static_cast<uint32_t>(slot - slots_.data()));
  }

  size_t live() const { return live_; }

  template <typename Visit>
  void each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.tensor.defined()) visit(slot.tensor);
    }
  }

 private:
  struct Slot {
    at::Tensor tensor;
    uint64_t generation = 1;  // so that no handle is a small number
  };

  uint64_t tag(const Slot& slot) const { return thread_ * kGenerations + slot.generation; }

  uint64_t freeSlot() {
    if (free_.empty()) {
      if (slots_.size() >= kSlots) fail("no room for another tensor: dispose some, or use scope()");
      slots_.emplace_back();
      return slots_.size() - 1;
    }
    const uint64_t index = free_.back();
    free_.pop_back();
    return index;
  }

  Slot* slotOf(double handle) {
    if (!(handle >= 0 && handle < kLargestInteger)) return nullptr;
    const auto bits = static_cast<uint64_t>(handle);
    const auto index = bits % kSlots;
    if (static_cast<double>(bits) != handle || index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return bits / kSlots == tag(slot) && slot.tensor.defined() ? &slot : nullptr;
  }

  bool isForeign(double handle) const {
    if (!(handle >= kSlots && handle < kLargestInteger)) return false;
    return static_cast<uint64_t>(handle) / kSlots / kGenerations != thread_;
  }

  ThreadNumber thread_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t live_ = 0;
};

}  // namespace binding
