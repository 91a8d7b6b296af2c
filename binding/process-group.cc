// Compiled if this libtorch has c10d with Gloo. NCCL, for tensors on GPUs, is compiled if pip has installed
// its headers (setup/libtorch.js).
#include "process-group.h"

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef CFCONTRA_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/api/include/torch/version.h>

#include <cstdlib>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#define CFCONTRA_TORCH (TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR)

namespace process_group {

struct Store {
  c10::intrusive_ptr<c10d::TCPStore> tcp;
};

#ifdef CFCONTRA_NCCL
// Created with the first tensor on a GPU, so that a run on the CPU leaves the machine's GPUs alone.
class Nccl {
 public:
  Nccl(c10::intrusive_ptr<c10d::Store> store, int rank, int size, Milliseconds timeout)
      : store_(std::move(store)), rank_(rank), size_(size), timeout_(timeout) {}

  ~Nccl() {
#if CFCONTRA_TORCH >= 204
    if (group_) group_->abort();  // newer versions warn if a group is destroyed without it
#endif
  }

  c10d::ProcessGroupNCCL& group() {
    if (!group_) {
      // With it, wait() throws after the timeout; without it, NCCL ends the process silently.
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
  at::Tensor packed = {};           // all tensors in one, if they are sent together
};

std::shared_ptr<Store> openStore(const std::string& host, uint16_t port, bool serve, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = serve;
  options.waitWorkers = false;  // src/torch/rendezvous.ts waits, and names missing ranks
  options.timeout = timeout;
#if CFCONTRA_TORCH >= 204
  options.useLibUV = false;  // the default of newer versions; not every build has it
#endif
  return std::make_shared<Store>(Store{c10::make_intrusive<c10d::TCPStore>(host, options)});
}

void put(Store& store, const std::string& key, const std::string& value) {
  store.tcp->set(key, std::vector<uint8_t>(value.begin(), value.end()));
}

bool has(Store& store, const std::string& key, Milliseconds timeout) {
  // Only wait() takes a timeout for the server's answer; it then holds for check(), too.
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
  // Moved out, so that the tensors are freed now and not when JavaScript collects the object.
  const Work done = std::exchange(work, {});
  if (!done.work) throw std::logic_error("this operation was already waited for");
  done.work->wait();
  if (!done.packed.defined()) return;
  int64_t at = 0;
  for (const auto& tensor : done.tensors) {
    tensor.copy_(done.packed.narrow(0, at, tensor.numel()).view(tensor.sizes()));
    at += tensor.numel();
  }
}

// A shared pointer whose type depends on the version.
using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor&>()));

struct Exchange {
  enum class State { resting, expecting, sent };
  struct Bucket {
    std::vector<at::Tensor> parameters;
    std::vector<Accumulator> accumulators;  // which hold the hooks
    size_t missing;                         // gradients that have not been computed yet
  };

  std::shared_ptr<Group> group;
  std::vector<Bucket> buckets;
  State state = State::resting;
  std::vector<std::shared_ptr<Work>> works;  // of the buckets that were sent

  void came(size_t bucket) {
    if (state == State::sent) throw std::logic_error("a gradient came after the step's last back-propagation");
    if (state != State::expecting) return;
    buckets[bucket].missing--;
    sendComplete();
  }

  // All ranks send their buckets in the same order: a complete one waits for those before it.
  void sendComplete() {
    while (works.size() < buckets.size() && buckets[works.size()].missing == 0) sendNext();
  }

  // A parameter has a gradient on all ranks or on none, since all compute the same losses on other data.
  void sendNext() {
    std::vector<at::Tensor> gradients;
    for (const auto& parameter : buckets[works.size()].parameters) {
      if (parameter.grad().defined()) gradients.push_back(parameter.grad());
    }
    works.push_back(gradients.empty() ? nullptr : sum(*group, std::move(gradients)));
  }
};

namespace {

// Runs after a back-propagation has added to a parameter's gradient.
class Came : public torch::autograd::FunctionPostHook {
 public:
  Came(const std::shared_ptr<Exchange>& exchange, size_t bucket) : exchange_(exchange), bucket_(bucket) {}

  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    if (const auto exchange = exchange_.lock()) exchange->came(bucket_);
    return outputs;
  }

 private:
  std::weak_ptr<Exchange> exchange_;
  size_t bucket_;
};

// All nodes that back-propagation from this loss will run.
std::unordered_set<torch::autograd::Node*> graphOf(const at::Tensor& loss) {
  std::unordered_set<torch::autograd::Node*> found;
  std::vector<torch::autograd::Node*> open{torch::autograd::impl::gradient_edge(loss).function.get()};
  while (!open.empty()) {
    auto* node = open.back();
    open.pop_back();
    if (node == nullptr || !found.insert(node).second) continue;
    for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  return found;
}

}  // namespace

std::shared_ptr<Exchange> exchange(const std::shared_ptr<Group>& group, std::vector<std::vector<at::Tensor>> buckets) {
  auto made = std::make_shared<Exchange>();
  made->group = group;
  for (auto& parameters : buckets) {
    std::vector<Accumulator> accumulators;
    for (const auto& parameter : parameters) {
      accumulators.push_back(torch::autograd::impl::grad_accumulator(parameter));
      if (!accumulators.back()) throw std::invalid_argument("expected parameters that require a gradient");
      accumulators.back()->add_post_hook(std::make_unique<Came>(made, made->buckets.size()));
    }
    made->buckets.push_back({std::move(parameters), std::move(accumulators), 0});
  }
  return made;
}

void expect(Exchange& exchange, const at::Tensor& loss) {
  if (exchange.state != Exchange::State::resting) throw std::logic_error("a step has one last back-propagation");
  exchange.state = Exchange::State::expecting;
  const auto graph = graphOf(loss);
  for (auto& bucket : exchange.buckets) {
    bucket.missing = 0;
    for (const auto& accumulator : bucket.accumulators) bucket.missing += graph.count(accumulator.get());
  }
  exchange.sendComplete();
}

void sendRest(Exchange& exchange) {
  exchange.state = Exchange::State::sent;
  while (exchange.works.size() < exchange.buckets.size()) exchange.sendNext();
}

void wait(Exchange& exchange) {
  exchange.state = Exchange::State::resting;
  for (const auto& work : std::exchange(exchange.works, {})) {
    if (work) wait(*work);
  }
}

}  // namespace process_group
