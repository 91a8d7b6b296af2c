// Compiled in where the libtorch at hand has c10d with Gloo (setup/libtorch.js looks).
#include "process-group.h"

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/api/include/torch/version.h>

namespace process_group {

struct Store {
  c10::intrusive_ptr<c10d::TCPStore> tcp;
};

struct Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

struct Work {
  c10::intrusive_ptr<c10d::Work> work;
  std::vector<at::Tensor> tensors;  // alive as long as the operation
};

std::shared_ptr<Store> openStore(const std::string& host, uint16_t port, bool serve, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = serve;
  options.waitWorkers = false;  // who is missing is found out by name, above
  options.timeout = timeout;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
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

std::shared_ptr<Group> connect(const std::shared_ptr<Store>& store, const std::string& prefix, int rank, int size,
                               const std::string& address, Milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
  const auto prefixed = c10::make_intrusive<c10d::PrefixStore>(prefix, store->tcp);
  return std::make_shared<Group>(
      Group{c10::make_intrusive<c10d::ProcessGroupGloo>(prefixed, rank, size, std::move(options))});
}

std::shared_ptr<Work> sum(Group& group, std::vector<at::Tensor> tensors) {
  auto work = group.gloo->allreduce_coalesced(tensors);
  return std::make_shared<Work>(Work{std::move(work), std::move(tensors)});
}

std::shared_ptr<Work> broadcast(Group& group, const at::Tensor& tensor, int from) {
  std::vector<at::Tensor> tensors{tensor};
  c10d::BroadcastOptions options;
  options.rootRank = from;
  auto work = group.gloo->broadcast(tensors, options);
  return std::make_shared<Work>(Work{std::move(work), std::move(tensors)});
}

std::shared_ptr<Work> barrier(Group& group) { return std::make_shared<Work>(Work{group.gloo->barrier(), {}}); }

void wait(Work& work) { work.work->wait(); }

}  // namespace process_group
