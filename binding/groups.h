// The functions of process-group.h for JavaScript.
#pragma once
#include "held.h"
#include "process-group.h"

namespace binding {

namespace group = process_group;

template <>
struct Held<group::Store> {
  static constexpr const char* name = "a store";
  static constexpr napi_type_tag tag{0x9f3c5a1e7d2b4860, 0x1};
};
template <>
struct Held<group::Group> {
  static constexpr const char* name = "a process group";
  static constexpr napi_type_tag tag{0x9f3c5a1e7d2b4860, 0x2};
};
template <>
struct Held<group::Work> {
  static constexpr const char* name = "an operation of a process group";
  static constexpr napi_type_tag tag{0x9f3c5a1e7d2b4860, 0x3};
};
template <>
struct Held<group::Exchange> {
  static constexpr const char* name = "an exchange of gradients";
  static constexpr napi_type_tag tag{0x9f3c5a1e7d2b4860, 0x4};
};

inline group::Milliseconds milliseconds(const Arguments& args, size_t i) {
  return group::Milliseconds(args.integerIn(i, 1, INT32_MAX, "milliseconds"));
}

// openStore(host, port, serve, timeout)
inline napi_value openStore(const Arguments& args) {
  const auto port = static_cast<uint16_t>(args.integerIn(1, 0, UINT16_MAX, "a port"));
  return hold(args.env, group::openStore(args.text(0), port, args.boolean(2), milliseconds(args, 3)));
}

// storePut(store, key, value)
inline napi_value storePut(const Arguments& args) {
  group::put(*held<group::Store>(args), args.text(1), args.text(2));
  return nullptr;
}

// storeHas(store, key, timeout)
inline napi_value storeHas(const Arguments& args) {
  return fromBoolean(args.env, group::has(*held<group::Store>(args), args.text(1), milliseconds(args, 2)));
}

// storeGet(store, key)
inline napi_value storeGet(const Arguments& args) {
  return fromText(args.env, group::get(*held<group::Store>(args), args.text(1)));
}

// connect(store, prefix, rank, size, address, timeout)
inline napi_value connect(const Arguments& args) {
  const auto size = static_cast<int>(args.integerIn(3, 1, INT32_MAX, "a number of ranks"));
  const auto rank = static_cast<int>(args.integerIn(2, 0, size - 1, "a rank"));
  return hold(args.env, group::connect(held<group::Store>(args), args.text(1), rank, size, args.text(4),
                                       milliseconds(args, 5)));
}

// serves(tensor)
inline napi_value serves(const Arguments& args) { return fromBoolean(args.env, group::serves(args.tensor(0))); }

// sum(group, tensors)
inline napi_value sum(const Arguments& args) {
  return hold(args.env, group::sum(*held<group::Group>(args), args.tensors(1)));
}

// broadcast(group, tensor, from)
inline napi_value broadcast(const Arguments& args) {
  const auto from = static_cast<int>(args.integerIn(2, 0, INT32_MAX, "a rank"));
  return hold(args.env, group::broadcast(*held<group::Group>(args), args.tensor(1), from));
}

// barrier(group)
inline napi_value barrier(const Arguments& args) {
  return hold(args.env, group::barrier(*held<group::Group>(args)));
}

// wait(operation)
inline napi_value wait(const Arguments& args) {
  group::wait(*held<group::Work>(args));
  return nullptr;
}

// exchange(group, buckets of parameters)
inline napi_value exchange(const Arguments& args) {
  auto buckets = listOf<std::vector<at::Tensor>>(
      args.env, args[1], [&](napi_value bucket) { return tensors(args.env, args.state.handles, bucket); });
  return hold(args.env, group::exchange(held<group::Group>(args), std::move(buckets)));
}

// exchangeExpect(exchange, loss)
inline napi_value exchangeExpect(const Arguments& args) {
  group::expect(*held<group::Exchange>(args), args.tensor(1));
  return nullptr;
}

// exchangeSendRest(exchange)
inline napi_value exchangeSendRest(const Arguments& args) {
  group::sendRest(*held<group::Exchange>(args));
  return nullptr;
}

// exchangeWait(exchange)
inline napi_value exchangeWait(const Arguments& args) {
  group::wait(*held<group::Exchange>(args));
  return nullptr;
}

}  // namespace binding
