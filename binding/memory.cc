// Training steps allocate the same sizes repeatedly, many of them large and long-lived, which fragments
// malloc's heap: a quarter of it was unused. So every large block is a separate mapping. A freed block is
// kept for the next request of about its size. When the blocks in use and kept exceed the peak of those in
// use, plus some spare, the oldest kept block is returned to the kernel.
#include "memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace memory {
namespace {

#ifdef __linux__
constexpr size_t kPage = 4096;
// Below this size malloc works well, and a mapping costs more than it saves.
constexpr size_t kLarge = 256 << 10;
// Kept in addition to the peak in use, so that alternating sizes do not evict each other.
constexpr size_t kSpare = 32 << 20;

class LargeBlocks {
 public:
  // Null if the kernel has no more memory.
  void* take(size_t bytes) {
    const size_t size = (bytes + kPage - 1) / kPage * kPage;
    std::lock_guard<std::mutex> lock(mutex_);
    const auto fit = kept_.lower_bound(size);
    if (fit != kept_.end() && fit->first <= size + size / 8) return reuse(fit);
    const size_t most = std::max(most_, used_ + size) + kSpare;
    while (held_ + size > most && !oldest_.empty()) giveBack();
    void* data = map(size);
    while (data == MAP_FAILED && !oldest_.empty()) {
      giveBack();
      data = map(size);
    }
    if (data == MAP_FAILED) return nullptr;
    madvise(data, size, MADV_HUGEPAGE);  // fewer page faults; not all kernels support it
    held_ += size;
    return lend(data, size);
  }

  // Keeps the block for later. False if it is not one of these blocks.
  bool put(void* data) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = lent_.find(data);
    if (found == lent_.end()) return false;
    const size_t size = found->second;
    lent_.erase(found);
    used_ -= size;
    oldest_.push_back(kept_.emplace(size, Kept{data, {}}));
    oldest_.back()->second.age = std::prev(oldest_.end());
    return true;
  }

 private:
  struct Kept;
  using BySize = std::multimap<size_t, Kept>;
  using ByAge = std::list<BySize::iterator>;
  struct Kept {
    void* data;
    ByAge::iterator age;
  };

  static void* map(size_t size) {
    return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }

  void* lend(void* data, size_t size) {
    lent_[data] = size;
    used_ += size;
    most_ = std::max(most_, used_);
    return data;
  }

  void* reuse(BySize::iterator block) {
    const size_t size = block->first;
    return lend(forget(block), size);
  }

  void giveBack() {
    const auto block = oldest_.front();
    const size_t size = block->first;
    munmap(forget(block), size);
    held_ -= size;
  }

  void* forget(BySize::iterator block) {
    void* data = block->second.data;
    oldest_.erase(block->second.age);
    kept_.erase(block);
    return data;
  }

  std::mutex mutex_;
  std::unordered_map<void*, size_t> lent_;
  BySize kept_;
  ByAge oldest_;
  // Bytes in use; in use or kept; in use at the peak.
  size_t used_ = 0, held_ = 0, most_ = 0;
};

// Never destroyed: tensors may outlive the end of main.
LargeBlocks& largeBlocks() {
  static auto* blocks = new LargeBlocks();
  return *blocks;
}

void release(void* data) {
  const bool maybeLarge = reinterpret_cast<uintptr_t>(data) % kPage == 0;
  if (!(maybeLarge && data != nullptr && largeBlocks().put(data))) c10::free_cpu(data);
}

// Newer versions of libtorch allocate without `const`, and copy through the allocator.
struct Allocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) const { return obtain(bytes); }
  c10::DataPtr allocate(size_t bytes) { return obtain(bytes); }
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }

 private:
  static c10::DataPtr obtain(size_t bytes) {
    void* data = bytes >= kLarge ? largeBlocks().take(bytes) : nullptr;
    if (data == nullptr) data = c10::alloc_cpu(bytes);  // throws if there is no more memory
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }
};
#endif

}  // namespace

void install() {
#ifdef __linux__
  c10::SetAllocator(c10::DeviceType::CPU, new Allocator());
#endif
#ifdef __GLIBC__
  // oneDNN's workspaces still come from malloc. Blocks that go back to the kernel after every operator
  // cost page faults in the next one, so keep them; the default thresholds suit small allocations.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace memory
