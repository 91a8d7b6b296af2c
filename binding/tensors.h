// Sizes, type, device and gradient of tensors, and their number.
#pragma once
#include <unordered_set>

#include "state.h"

namespace binding {

inline napi_value dispose(const Arguments& args) {
  args.state.handles.dispose(number(args.env, args[0], "a tensor"));
  return nullptr;
}

inline napi_value isLive(const Arguments& args) {
  return fromBoolean(args.env, args.state.handles.find(number(args.env, args[0], "a tensor")) != nullptr);
}

inline napi_value liveTensors(const Arguments& args) {
  return fromNumber(args.env, static_cast<double>(args.state.handles.live()));
}

// liveBytes(): the bytes of all storages, each counted once
inline napi_value liveBytes(const Arguments& args) {
  std::unordered_set<const void*> seen;
  double bytes = 0;
  args.state.handles.each([&](const at::Tensor& tensor) {
    if (!tensor.has_storage()) return;
    const auto& storage = tensor.storage();
    if (seen.insert(storage.unsafeGetStorageImpl()).second) bytes += static_cast<double>(storage.nbytes());
  });
  return fromNumber(args.env, bytes);
}

inline napi_value shape(const Arguments& args) {
  return fromList(args.env, args.tensor(0).sizes(),
                  [&](int64_t size) { return fromNumber(args.env, static_cast<double>(size)); });
}

inline napi_value scalarTypeOf(const Arguments& args) {
  return fromNumber(args.env, static_cast<double>(args.tensor(0).scalar_type()));
}

inline napi_value device(const Arguments& args) { return fromText(args.env, args.tensor(0).device().str()); }

inline napi_value requiresGrad(const Arguments& args) {
  return fromBoolean(args.env, args.tensor(0).requires_grad());
}

inline napi_value setRequiresGrad(const Arguments& args) {
  args.tensor(0).set_requires_grad(args.boolean(1));
  return nullptr;
}

inline napi_value grad(const Arguments& args) {
  return fromTensor(args.env, args.state.handles, args.tensor(0).grad());
}

// setGrad(tensor, gradient or null)
inline napi_value setGrad(const Arguments& args) {
  const at::Tensor& tensor = args.tensor(0);
  if (args.isNull(1)) {
    tensor.mutable_grad() = at::Tensor();
    return nullptr;
  }
  const at::Tensor& gradient = args.tensor(1);
  if (gradient.is_same(tensor)) fail("a tensor cannot be its own gradient");
  if (gradient.sizes() != tensor.sizes() || gradient.scalar_type() != tensor.scalar_type() ||
      gradient.device() != tensor.device()) {
    fail("expected a gradient of the tensor's own shape, type and device");
  }
  tensor.mutable_grad() = gradient;
  return nullptr;
}

}  // namespace binding
