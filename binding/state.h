// The addon's state per JavaScript thread, and the arguments of its functions.
#pragma once
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/SmallVector.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "convert.h"
#include "handles.h"
#include "js.h"

namespace binding {

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  size_t required;  // arguments up to the last one without a default
};

struct Autocast {
  c10::DeviceType device;
  bool enabled;
  at::ScalarType dtype;
};

struct State {
  Handles handles;
  std::deque<Operator> operators;     // a deque: addresses stay valid while others are looked up
  std::vector<Autocast> outerStates;  // of autocast, outermost first
};

inline void createState(napi_env env) {
  auto state = std::make_unique<State>();
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<State*>(data); };
  check(env, napi_set_instance_data(env, state.get(), destroy, nullptr));
  state.release();
}

inline State& stateOf(napi_env env) {
  void* data = nullptr;
  check(env, napi_get_instance_data(env, &data));
  return *static_cast<State*>(data);
}

// The arguments of a call from JavaScript. Missing ones are undefined.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env(env), state(stateOf(env)), values_(16) {
    count_ = values_.size();
    check(env, napi_get_cb_info(env, info, &count_, values_.data(), nullptr, nullptr));
    if (count_ <= values_.size()) return;
    values_.resize(count_);
    check(env, napi_get_cb_info(env, info, &count_, values_.data(), nullptr, nullptr));
  }

  size_t count() const { return count_; }
  napi_value operator[](size_t i) const { return values_[i]; }

  const at::Tensor& tensor(size_t i) const { return state.handles.at(number(env, values_[i], "a tensor")); }
  std::vector<at::Tensor> tensors(size_t i) const { return binding::tensors(env, state.handles, values_[i]); }
  bool boolean(size_t i) const { return binding::boolean(env, values_[i]); }
  std::string text(size_t i) const { return binding::text(env, values_[i]); }
  bool isNull(size_t i) const { return binding::isNull(env, values_[i]); }
  int64_t integerIn(size_t i, int64_t least, int64_t most, const char* what) const {
    return binding::integerIn(env, values_[i], least, most, what);
  }

  const napi_env env;
  State& state;

 private:
  c10::SmallVector<napi_value, 16> values_;
  size_t count_;
};

// A JavaScript function. A null result is undefined in JavaScript.
template <napi_value (*body)(const Arguments&)>
napi_value entry(napi_env env, napi_callback_info info) {
  return guarded(env, [&] { return body(Arguments(env, info)); });
}

}  // namespace binding
