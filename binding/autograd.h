// Gradients, grad mode and autocast.
#pragma once
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "state.h"

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#define TORCH_AT_LEAST_2_4
#endif

namespace binding {

inline std::vector<at::Tensor> tensorsOrNothing(const Arguments& args, size_t i) {
  return args.isNull(i) ? std::vector<at::Tensor>() : args.tensors(i);
}

// backward(outputs, gradOutputs or null, retainGraph)
inline napi_value backward(const Arguments& args) {
  const auto outputs = args.tensors(0), gradients = tensorsOrNothing(args, 1);
  torch::autograd::backward(outputs, gradients, args.boolean(2));
  return nullptr;
}

// gradients(outputs, inputs, gradOutputs or null, retainGraph): null where an input was not used
inline napi_value gradients(const Arguments& args) {
  const auto outputs = args.tensors(0), inputs = args.tensors(1), outer = tensorsOrNothing(args, 2);
  const auto result =
      torch::autograd::grad(outputs, inputs, outer, args.boolean(3), false, /*allow_unused=*/true);
  return fromTensors(args.env, args.state.handles, result);
}

// setGradEnabled(enabled): returns whether it was enabled before
inline napi_value setGradEnabled(const Arguments& args) {
  const bool before = c10::GradMode::is_enabled(), enabled = args.boolean(0);
  c10::GradMode::set_enabled(enabled);
  // A recorded call must not use a weight that autocast has cast without recording.
  if (enabled && !before && !args.state.outerStates.empty()) at::autocast::clear_cache();
  return fromBoolean(args.env, before);
}

// ---- autocast ----

#ifdef TORCH_AT_LEAST_2_4
inline Autocast autocastOf(c10::DeviceType device) {
  return {device, at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device)};
}

inline void apply(const Autocast& state) {
  at::autocast::set_autocast_dtype(state.device, state.dtype);
  at::autocast::set_autocast_enabled(state.device, state.enabled);
}
#else
inline Autocast autocastOf(c10::DeviceType device) {
  if (device == c10::DeviceType::CPU) {
    return {device, at::autocast::is_cpu_enabled(), at::autocast::get_autocast_cpu_dtype()};
  }
  return {device, at::autocast::is_enabled(), at::autocast::get_autocast_gpu_dtype()};
}

inline void apply(const Autocast& state) {
  if (state.device == c10::DeviceType::CPU) {
    at::autocast::set_autocast_cpu_dtype(state.dtype);
    at::autocast::set_cpu_enabled(state.enabled);
  } else {
    at::autocast::set_autocast_gpu_dtype(state.dtype);
    at::autocast::set_enabled(state.enabled);
  }
}
#endif

// enterAutocast(device, scalar type, or null for none), until leaveAutocast()
inline napi_value enterAutocast(const Arguments& args) {
  const auto device = c10::Device(args.text(0)).type();
  if (device != c10::DeviceType::CPU && device != c10::DeviceType::CUDA) {
    fail("autocast: expected the device cpu or cuda, but received " + args.text(0));
  }
  auto state = autocastOf(device);
  const auto outer = state;
  state.enabled = !args.isNull(1);
  if (state.enabled) state.dtype = scalarType(args.env, args[1]);
  if (state.enabled && state.dtype != at::kBFloat16 && state.dtype != at::kHalf) {
    fail("autocast: expected bfloat16 or float16, but received " + std::string(c10::toString(state.dtype)));
  }
  args.state.outerStates.push_back(outer);
  apply(state);
  at::autocast::increment_nesting();
  return nullptr;
}

inline napi_value leaveAutocast(const Arguments& args) {
  auto& outer = args.state.outerStates;
  if (outer.empty()) fail("autocast: left more often than entered");
  apply(outer.back());
  outer.pop_back();
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  return nullptr;
}

}  // namespace binding
