// Compiled in where the libtorch at hand has c10d with Gloo; its NCCL, for tensors on GPUs, where pip has
// brought the headers along (setup/libtorch.js looks).
#include "process-group.h"

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef CFCONTRA_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/api/include/torch/version.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#define CFCONTRA_TORCH (TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR)

namespace process_group {

struct Store {
  c10::intrusive_ptr<c10d::TCPStore> tcp;
};

#ifdef CFCONTRA_NCCL
// Made when the first tensor on a GPU comes: a run on the CPU of a machine with GPUs leaves them alone.
class Nccl {
 public:
  Nccl(c10::intrusive_ptr<c10d::Store> store, int rank, int size, Milliseconds timeout)
      : store_(std::move(store)), rank_(rank), size_(size), timeout_(timeout) {}

  ~Nccl() {
#if CFCONTRA_TORCH >= 204
    if (group_) group_->abort();  // newer versions warn where a group just goes away
#endif
  }

  c10d::ProcessGroupNCCL& group() {
    if (!group_) {
      // wait() then ends in an error after the timeout; NCCL by itself would end the process without a word.
#if CFCONTRA_TORCH >= 202
      setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);
#else
      setenv("NCCL_BLOCKING_WAIT", "1", 0);
#endif
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = timeout_;
      group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store_, rank_, size_, std::move(options));
    }
    return *group_;
  }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
  int rank_, size_;
  Milliseconds timeout_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
};
#endif

struct Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
#ifdef CFCONTRA_NCCL
  Nccl nccl;
#endif
};

struct Work {
  c10::intrusive_ptr<c10d::Work> work;
  std::vector<at::Tensor> tensors;  // alive as long as the operation
  at::Tensor packed = {};           // all of them in one, where that is what travels
};

std::shared_ptr<Store> openStore(const std::string& host, uint16_t port, bool serve, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = serve;
  options.waitWorkers = false;  // who is missing is found out by name, above
  options.timeout = timeout;
#if CFCONTRA_TORCH >= 204
  options.useLibUV = false;  // the default of newer versions, which not every build can serve
#endif
  return std::make_shared<Store>(Store{c10::make_intrusive<c10d::TCPStore>(host, options)});
}

void put(Store& store, const std::string& key, const std::string& value) {
  store.tcp->set(key, std::vector<uint8_t>(value.begin(), value.end()));
}

bool has(Store& store, const std::string& key, Milliseconds timeout) {
  // Only wait() bounds how long the server may take to answer, and the bound stays for check().
  const std::string mine = "asked";
  put(store, mine, "");
  store.tcp->wait({mine}, timeout);
  return store.tcp->check({key});
}

std::string get(Store& store, const std::string& key) {
  const auto value = store.tcp->get(key);
  return std::string(value.begin(), value.end());
}

#ifdef CFCONTRA_NCCL
namespace {

std::shared_ptr<Work> sumOfGpus(c10d::ProcessGroupNCCL& nccl, std::vector<at::Tensor> tensors) {
  std::vector<at::Tensor> flat;
  for (const auto& tensor : tensors) flat.push_back(tensor.reshape({-1}));
  std::vector<at::Tensor> packed{at::cat(flat)};
  auto work = nccl.allreduce(packed);
  return std::make_shared<Work>(Work{std::move(work), std::move(tensors), packed[0]});
}

}  // namespace
#endif

bool serves(const at::Tensor& tensor) {
#ifdef CFCONTRA_NCCL
  if (tensor.is_cuda()) return true;
#endif
  return tensor.is_cpu();
}

std::shared_ptr<Group> connect(const std::shared_ptr<Store>& store, const std::string& prefix, int rank, int size,
                               const std::string& address, Milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
  const auto prefixed = c10::make_intrusive<c10d::PrefixStore>(prefix, store->tcp);
  auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(prefixed, rank, size, std::move(options));
#ifdef CFCONTRA_NCCL
  const auto apart = c10::make_intrusive<c10d::PrefixStore>("nccl", prefixed);
  return std::make_shared<Group>(Group{std::move(gloo), Nccl(apart, rank, size, timeout)});
#else
  return std::make_shared<Group>(Group{std::move(gloo)});
#endif
}

std::shared_ptr<Work> sum(Group& group, std::vector<at::Tensor> tensors) {
#ifdef CFCONTRA_NCCL
  if (tensors.at(0).is_cuda()) return sumOfGpus(group.nccl.group(), std::move(tensors));
#endif
  auto work = group.gloo->allreduce_coalesced(tensors);
  return std::make_shared<Work>(Work{std::move(work), std::move(tensors)});
}

std::shared_ptr<Work> broadcast(Group& group, const at::Tensor& tensor, int from) {
  std::vector<at::Tensor> tensors{tensor};
  c10d::BroadcastOptions options;
  options.rootRank = from;
#ifdef CFCONTRA_NCCL
  if (tensor.is_cuda()) {
    auto work = group.nccl.group().broadcast(tensors, options);
    return std::make_shared<Work>(Work{std::move(work), std::move(tensors)});
  }
#endif
  auto work = group.gloo->broadcast(tensors, options);
  return std::make_shared<Work>(Work{std::move(work), std::move(tensors)});
}

std::shared_ptr<Work> barrier(Group& group) { return std::make_shared<Work>(Work{group.gloo->barrier(), {}}); }

void wait(Work& work) {
  // Taken out, so that nothing outlives the operation until JavaScript forgets it.
  const Work done = std::exchange(work, {});
  if (!done.work) throw std::logic_error("this operation was waited for before");
  done.work->wait();
  if (!done.packed.defined()) return;
  int64_t at = 0;
  for (const auto& tensor : done.tensors) {
    tensor.copy_(done.packed.narrow(0, at, tensor.numel()).view(tensor.sizes()));
    at += tensor.numel();
  }
}

}  // namespace process_group
