// Process groups: c10d's TCPStore, where processes meet, and its Gloo group, in which they reduce; NCCL for
// tensors on GPUs if it is compiled in. JavaScript is in groups.h, and c10d only in process-group.cc.
#pragma once
#include <ATen/ATen.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace process_group {

struct Store;
struct Group;
struct Work;
struct Exchange;

using Milliseconds = std::chrono::milliseconds;

// Serves or joins the store at host:port.
std::shared_ptr<Store> openStore(const std::string& host, uint16_t port, bool serve, Milliseconds timeout);
void put(Store& store, const std::string& key, const std::string& value);
// Whether a value is there. Throws if the server does not answer within `timeout`.
bool has(Store& store, const std::string& key, Milliseconds timeout);
// Waits for the value of a key.
std::string get(Store& store, const std::string& key);

// Connects `size` processes, each of which listens on its own `address`. Keys begin with `prefix`.
std::shared_ptr<Group> connect(const std::shared_ptr<Store>& store, const std::string& prefix, int rank, int size,
                               const std::string& address, Milliseconds timeout);

// Whether a group reduces such a tensor on its own device.
bool serves(const at::Tensor& tensor);

// Collective operations in place, on tensors of one device. Every rank starts the same operations in the
// same order, and waits for each once.
std::shared_ptr<Work> sum(Group& group, std::vector<at::Tensor> tensors);
std::shared_ptr<Work> broadcast(Group& group, const at::Tensor& tensor, int from);
std::shared_ptr<Work> barrier(Group& group);
void wait(Work& work);

// Sums of parameters' gradients, on one device, that are sent while back-propagation is running.
std::shared_ptr<Exchange> exchange(const std::shared_ptr<Group>& group, std::vector<std::vector<at::Tensor>> buckets);
// Call it before the step's last back-propagation, from this loss: later gradients are final.
void expect(Exchange& exchange, const at::Tensor& loss);
// Call it after that, or without it: sends the buckets that have not been sent.
void sendRest(Exchange& exchange);
// Waits until all have arrived.
void wait(Exchange& exchange);

}  // namespace process_group
