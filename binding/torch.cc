// The whole native part: any ATen operator by its schema, plus the few things that are no operator
// (autograd, autocast, typed arrays, threads, seeds). Policy and explanation live in src/torch/.
//
// A tensor is known to JavaScript by a handle: generation * 2^24 + slot. A handle whose tensor was
// disposed no longer matches its slot's generation, so its use is an error and never a crash.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <napi.h>
#include <torch/csrc/api/include/torch/version.h>
#include <torch/csrc/autograd/autograd.h>

#include "memory.h"
#ifdef CFCONTRA_C10D
#include "process-group.h"
#endif

#include <cmath>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#define TORCH_AT_LEAST_2_4
#endif

constexpr uint64_t kSlots = uint64_t{1} << 24;

[[noreturn]] void fail(const std::string& message) { throw std::invalid_argument(message); }

// ---- arguments, classified once per operator from its schema ----

enum class Kind { Tensor, Tensors, Scalar, Int, Float, Bool, String, Ints, Floats, Bools, Device, Other };

struct Parameter {
  Kind kind;
  bool optional;         // None is allowed
  bool optionalElement;  // a list whose elements may be None
};

Parameter classify(c10::TypePtr type) {
  Parameter parameter{Kind::Other, false, false};
  if (type->kind() == c10::TypeKind::OptionalType) {
    parameter.optional = true;
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  switch (type->kind()) {
    case c10::TypeKind::TensorType: parameter.kind = Kind::Tensor; break;
    case c10::TypeKind::NumberType: parameter.kind = Kind::Scalar; break;
    case c10::TypeKind::IntType: parameter.kind = Kind::Int; break;
    case c10::TypeKind::FloatType: parameter.kind = Kind::Float; break;
    case c10::TypeKind::BoolType: parameter.kind = Kind::Bool; break;
    case c10::TypeKind::StringType: parameter.kind = Kind::String; break;
    case c10::TypeKind::DeviceObjType: parameter.kind = Kind::Device; break;
    case c10::TypeKind::ListType: {
      auto element = type->castRaw<c10::ListType>()->getElementType();
      if (element->kind() == c10::TypeKind::OptionalType) {
        parameter.optionalElement = true;
        element = element->castRaw<c10::OptionalType>()->getElementType();
      }
      switch (element->kind()) {
        case c10::TypeKind::TensorType: parameter.kind = Kind::Tensors; break;
        case c10::TypeKind::IntType: parameter.kind = Kind::Ints; break;
        case c10::TypeKind::FloatType: parameter.kind = Kind::Floats; break;
        case c10::TypeKind::BoolType: parameter.kind = Kind::Bools; break;
        default: break;
      }
      break;
    }
    default: break;
  }
  return parameter;
}

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
};

// ---- one state per JavaScript thread ----

struct Slot {
  at::Tensor tensor;
  uint64_t generation = 1;
};

// Typed arrays lent to tensors. Their deleters may run on any thread, so they only queue.
struct Lent {
  std::mutex mutex;
  std::vector<napi_ref> returned;
  bool alive = true;
};

struct State {
  std::vector<Slot> slots;
  std::vector<uint32_t> free;
  std::vector<Operator> operators;
  std::shared_ptr<Lent> lent = std::make_shared<Lent>();

  ~State() {
    std::lock_guard<std::mutex> lock(lent->mutex);
    lent->alive = false;
  }

  double add(at::Tensor tensor) {
    uint32_t index;
    if (free.empty()) {
      if (slots.size() >= kSlots) fail("more than 16 million tensors are alive: dispose some, or use scope()");
      index = static_cast<uint32_t>(slots.size());
      slots.emplace_back();
    } else {
      index = free.back();
      free.pop_back();
    }
    slots[index].tensor = std::move(tensor);
    return static_cast<double>(slots[index].generation * kSlots + index);
  }

  Slot* find(double handle) {
    if (!(handle >= 0 && handle < 9007199254740992.0) || handle != std::floor(handle)) return nullptr;
    const auto bits = static_cast<uint64_t>(handle);
    const auto index = bits % kSlots;
    if (index >= slots.size()) return nullptr;
    Slot& slot = slots[index];
    return slot.generation == bits / kSlots && slot.tensor.defined() ? &slot : nullptr;
  }

  at::Tensor& at(double handle) {
    Slot* slot = find(handle);
    if (!slot) fail("expected a live tensor, but this one was disposed (or is none)");
    return slot->tensor;
  }

  void dispose(double handle) {
    if (Slot* slot = find(handle)) {
      slot->tensor = at::Tensor();
      slot->generation++;
      free.push_back(static_cast<uint32_t>(slot - slots.data()));
    }
  }

  void releaseLent(napi_env env) {
    std::vector<napi_ref> returned;
    {
      std::lock_guard<std::mutex> lock(lent->mutex);
      returned.swap(lent->returned);
    }
    for (napi_ref reference : returned) napi_delete_reference(env, reference);
  }
};

State& state(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<State*>(data);
}

// ---- errors ----

std::string firstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string message(const std::exception& error) {
  if (auto* torchError = dynamic_cast<const c10::Error*>(&error)) {
    return firstLine(torchError->what_without_backtrace());
  }
  return firstLine(error.what());
}

// The one guard that every entry point goes through.
template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, nullptr, "out of memory");
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, message(error).c_str());
  } catch (...) {
    napi_throw_error(env, nullptr, "unknown native failure");
  }
  return nullptr;
}

// ---- JavaScript -> IValue ----

double number(napi_env env, napi_value value, const char* expected) {
  double result;
  if (napi_get_value_double(env, value, &result) != napi_ok) fail(std::string("expected ") + expected);
  return result;
}

int64_t integer(napi_env env, napi_value value) {
  const double result = number(env, value, "an integer");
  if (result != std::floor(result) || std::abs(result) > 9007199254740992.0) {
    fail("expected an integer, but received " + std::to_string(result));
  }
  return static_cast<int64_t>(result);
}

bool boolean(napi_env env, napi_value value) {
  bool result;
  if (napi_get_value_bool(env, value, &result) != napi_ok) fail("expected true or false");
  return result;
}

std::string text(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) fail("expected a string");
  std::string result(length, '\0');
  napi_get_value_string_utf8(env, value, &result[0], length + 1, &length);
  return result;
}

at::Scalar scalar(napi_env env, napi_value value) {
  const double result = number(env, value, "a number");
  if (result == std::floor(result) && std::abs(result) < 9007199254740992.0) return static_cast<int64_t>(result);
  return result;
}

bool isNull(napi_env env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

template <typename Visit>
void eachElement(napi_env env, napi_value value, Visit visit) {
  bool isArray = false;
  napi_is_array(env, value, &isArray);
  if (!isArray) fail("expected an array");
  uint32_t length;
  napi_get_array_length(env, value, &length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    napi_get_element(env, value, i, &element);
    visit(element);
  }
}

std::vector<int64_t> integers(napi_env env, napi_value value) {
  std::vector<int64_t> result;
  eachElement(env, value, [&](napi_value element) { result.push_back(integer(env, element)); });
  return result;
}

std::vector<at::Tensor> tensors(napi_env env, State& s, napi_value value) {
  std::vector<at::Tensor> result;
  eachElement(env, value, [&](napi_value element) { result.push_back(s.at(number(env, element, "a tensor"))); });
  return result;
}

c10::IValue tensorList(napi_env env, State& s, napi_value value, bool optionalElement) {
  if (!optionalElement) return tensors(env, s, value);
  c10::List<c10::optional<at::Tensor>> list;
  eachElement(env, value, [&](napi_value element) {
    if (isNull(env, element)) list.push_back(c10::nullopt);
    else list.push_back(s.at(number(env, element, "a tensor")));
  });
  return list;
}

c10::Device deviceNamed(const std::string& name) {
  const c10::Device device(name);
  if (device.is_cuda() && !at::globalContext().hasCUDA()) {
    fail("there is no " + name + ": libtorch " TORCH_VERSION " has no CUDA, or finds no device");
  }
  return device;
}

c10::IValue toIValue(napi_env env, State& s, napi_value value, const Parameter& parameter) {
  if (parameter.optional && isNull(env, value)) return {};
  switch (parameter.kind) {
    case Kind::Tensor: return s.at(number(env, value, "a tensor"));
    case Kind::Tensors: return tensorList(env, s, value, parameter.optionalElement);
    case Kind::Scalar: return scalar(env, value);
    case Kind::Int: return integer(env, value);
    case Kind::Float: return number(env, value, "a number");
    case Kind::Bool: return boolean(env, value);
    case Kind::String: return text(env, value);
    case Kind::Device: return deviceNamed(text(env, value));
    case Kind::Ints: return integers(env, value);
    case Kind::Floats: {
      std::vector<double> result;
      eachElement(env, value, [&](napi_value e) { result.push_back(number(env, e, "a number")); });
      return result;
    }
    case Kind::Bools: {
      c10::List<bool> result;
      eachElement(env, value, [&](napi_value e) { result.push_back(boolean(env, e)); });
      return result;
    }
    case Kind::Other: break;
  }
  fail("expected nothing (this argument's type has no JavaScript form)");
}

// ---- IValue -> JavaScript ----

napi_value fromNumber(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value fromTensor(napi_env env, State& s, const at::Tensor& tensor) {
  napi_value result;
  if (!tensor.defined()) napi_get_null(env, &result);
  else result = fromNumber(env, s.add(tensor));
  return result;
}

template <typename List, typename Convert>
napi_value fromList(napi_env env, const List& list, Convert convert) {
  napi_value result;
  napi_create_array_with_length(env, list.size(), &result);
  uint32_t i = 0;
  for (const auto& element : list) napi_set_element(env, result, i++, convert(element));
  return result;
}

napi_value fromIValue(napi_env env, State& s, const c10::IValue& value) {
  if (value.isTensor()) return fromTensor(env, s, value.toTensor());
  if (value.isInt()) return fromNumber(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return fromNumber(env, value.toDouble());
  if (value.isScalar()) return fromNumber(env, value.toScalar().toDouble());
  if (value.isTensorList()) {
    return fromList(env, value.toTensorVector(), [&](const at::Tensor& t) { return fromTensor(env, s, t); });
  }
  napi_value result;
  if (value.isBool()) napi_get_boolean(env, value.toBool(), &result);
  else if (value.isNone()) napi_get_null(env, &result);
  else fail("the operator returned a type that has no JavaScript form");
  return result;
}

// ---- operators ----

napi_value lookup(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    size_t count = 2;
    napi_value args[2];
    napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
    const std::string name = text(env, args[0]), overload = text(env, args[1]);
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!handle) fail("libtorch has no operator " + name + (overload.empty() ? "" : "." + overload));
    State& s = state(env);
    Operator op{*handle, {}};
    for (const auto& argument : handle->schema().arguments()) op.parameters.push_back(classify(argument.type()));
    s.operators.push_back(std::move(op));
    return fromNumber(env, static_cast<double>(s.operators.size() - 1));
  });
}

std::string shapes(const std::vector<at::Tensor>& inputs) {
  std::string result;
  for (const auto& tensor : inputs) {
    result += result.empty() ? " (" : ", ";
    result += c10::toString(tensor.scalar_type());
    result += "[";
    for (int64_t d = 0; d < tensor.dim(); d++) result += (d ? ", " : "") + std::to_string(tensor.size(d));
    result += "]";
  }
  return result.empty() ? result : result + ")";
}

// call(operator, ...arguments): missing and undefined arguments take the schema's defaults.
napi_value call(napi_env env, napi_callback_info info) {
  constexpr size_t kMaxArguments = 24;
  return guarded(env, [&]() -> napi_value {
    size_t count = kMaxArguments;
    napi_value args[kMaxArguments];
    napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
    State& s = state(env);
    const auto index = static_cast<size_t>(number(env, args[0], "an operator"));
    if (index >= s.operators.size()) fail("expected an operator from lookup()");
    const Operator& op = s.operators[index];
    const auto& schema = op.handle.schema();
    if (count - 1 > op.parameters.size()) {
      fail(schema.name() + " takes at most " + std::to_string(op.parameters.size()) + " arguments, but received " +
           std::to_string(count - 1));
    }
    std::vector<c10::IValue> stack;
    stack.reserve(op.parameters.size());
    for (size_t i = 0; i < op.parameters.size(); i++) {
      const auto& argument = schema.arguments()[i];
      const bool missing = i + 1 >= count || (argument.default_value() && isNull(env, args[i + 1]));
      try {
        if (!missing) stack.push_back(toIValue(env, s, args[i + 1], op.parameters[i]));
        else if (argument.default_value()) stack.push_back(*argument.default_value());
        else fail("expected a value");
      } catch (const std::exception& error) {
        fail(schema.name() + ": argument " + argument.name() + ": " + message(error));
      }
    }
    std::vector<at::Tensor> inputs;  // kept for the error message only; a reference each, no copy
    for (const auto& value : stack) {
      if (value.isTensor() && inputs.size() < 4) inputs.push_back(value.toTensor());
    }
    try {
      op.handle.callBoxed(&stack);
    } catch (const std::exception& error) {
      fail(schema.name() + shapes(inputs) + ": " + message(error));
    }
    if (stack.empty()) return nullptr;
    if (stack.size() == 1) return fromIValue(env, s, stack[0]);
    return fromList(env, stack, [&](const c10::IValue& value) { return fromIValue(env, s, value); });
  });
}

Napi::Value schemaOf(const Napi::CallbackInfo& info) {
  State& s = state(info.Env());
  const auto index = info[0].As<Napi::Number>().Uint32Value();
  if (index >= s.operators.size()) throw Napi::Error::New(info.Env(), "expected an operator from lookup()");
  std::ostringstream out;
  out << s.operators[index].handle.schema();
  return Napi::String::New(info.Env(), out.str());
}

// ---- everything that is no operator ----

// Wraps a function of (info, state) so that its native exceptions become JavaScript errors.
template <Napi::Value (*body)(const Napi::CallbackInfo&, State&)>
Napi::Value entry(const Napi::CallbackInfo& info) {
  napi_value result = guarded(info.Env(), [&]() -> napi_value { return body(info, state(info.Env())); });
  if (info.Env().IsExceptionPending()) throw info.Env().GetAndClearPendingException();
  return Napi::Value(info.Env(), result);
}

double handleOf(const Napi::CallbackInfo& info, size_t i) { return number(info.Env(), info[i], "a tensor"); }

Napi::Value dispose(const Napi::CallbackInfo& info, State& s) {
  s.dispose(handleOf(info, 0));
  return info.Env().Undefined();
}

Napi::Value isLive(const Napi::CallbackInfo& info, State& s) {
  return Napi::Boolean::New(info.Env(), s.find(handleOf(info, 0)) != nullptr);
}

Napi::Value liveTensors(const Napi::CallbackInfo& info, State& s) {
  return Napi::Number::New(info.Env(), static_cast<double>(s.slots.size() - s.free.size()));
}

Napi::Value liveBytes(const Napi::CallbackInfo& info, State& s) {
  std::unordered_set<const void*> seen;
  double bytes = 0;
  for (const Slot& slot : s.slots) {
    if (!slot.tensor.defined() || !slot.tensor.has_storage()) continue;
    if (seen.insert(slot.tensor.storage().unsafeGetStorageImpl()).second) bytes += slot.tensor.storage().nbytes();
  }
  return Napi::Number::New(info.Env(), bytes);
}

Napi::Value shape(const Napi::CallbackInfo& info, State& s) {
  return Napi::Value(info.Env(), fromList(info.Env(), s.at(handleOf(info, 0)).sizes().vec(), [&](int64_t size) {
                       return fromNumber(info.Env(), static_cast<double>(size));
                     }));
}

Napi::Value scalarType(const Napi::CallbackInfo& info, State& s) {
  return Napi::Number::New(info.Env(), static_cast<int>(s.at(handleOf(info, 0)).scalar_type()));
}

Napi::Value device(const Napi::CallbackInfo& info, State& s) {
  return Napi::String::New(info.Env(), s.at(handleOf(info, 0)).device().str());
}

Napi::Value requiresGrad(const Napi::CallbackInfo& info, State& s) {
  return Napi::Boolean::New(info.Env(), s.at(handleOf(info, 0)).requires_grad());
}

Napi::Value setRequiresGrad(const Napi::CallbackInfo& info, State& s) {
  s.at(handleOf(info, 0)).set_requires_grad(boolean(info.Env(), info[1]));
  return info.Env().Undefined();
}

Napi::Value grad(const Napi::CallbackInfo& info, State& s) {
  return Napi::Value(info.Env(), fromTensor(info.Env(), s, s.at(handleOf(info, 0)).grad()));
}

Napi::Value setGrad(const Napi::CallbackInfo& info, State& s) {
  s.at(handleOf(info, 0)).mutable_grad() = isNull(info.Env(), info[1]) ? at::Tensor() : s.at(handleOf(info, 1));
  return info.Env().Undefined();
}

// backward(outputs, gradOutputs or null, retainGraph)
Napi::Value backward(const Napi::CallbackInfo& info, State& s) {
  std::vector<at::Tensor> gradients;
  if (!isNull(info.Env(), info[1])) gradients = tensors(info.Env(), s, info[1]);
  torch::autograd::backward(tensors(info.Env(), s, info[0]), gradients, boolean(info.Env(), info[2]));
  return info.Env().Undefined();
}

// gradients(outputs, inputs, gradOutputs or null, retainGraph): null where an input was not used
Napi::Value gradients(const Napi::CallbackInfo& info, State& s) {
  const auto outputs = tensors(info.Env(), s, info[0]), inputs = tensors(info.Env(), s, info[1]);
  std::vector<at::Tensor> outer;
  if (!isNull(info.Env(), info[2])) outer = tensors(info.Env(), s, info[2]);
  const auto result =
      torch::autograd::grad(outputs, inputs, outer, boolean(info.Env(), info[3]), false, /*allow_unused=*/true);
  return Napi::Value(info.Env(), fromList(info.Env(), result, [&](const at::Tensor& tensor) {
                       return fromTensor(info.Env(), s, tensor);
                     }));
}

Napi::Value setGradEnabled(const Napi::CallbackInfo& info, State&) {
  const bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(boolean(info.Env(), info[0]));
  return Napi::Boolean::New(info.Env(), before);
}

// setAutocast(device type, enabled, scalar type) -> was it enabled
Napi::Value setAutocast(const Napi::CallbackInfo& info, State&) {
  const auto type = c10::Device(text(info.Env(), info[0])).type();
  const bool enabled = boolean(info.Env(), info[1]);
  const auto dtype = static_cast<at::ScalarType>(integer(info.Env(), info[2]));
#ifdef TORCH_AT_LEAST_2_4
  const bool before = at::autocast::is_autocast_enabled(type);
  at::autocast::set_autocast_dtype(type, dtype);
  at::autocast::set_autocast_enabled(type, enabled);
#else
  const bool cpu = type == c10::DeviceType::CPU;
  const bool before = cpu ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
  if (cpu) {
    at::autocast::set_autocast_cpu_dtype(dtype);
    at::autocast::set_cpu_enabled(enabled);
  } else {
    at::autocast::set_autocast_gpu_dtype(dtype);
    at::autocast::set_enabled(enabled);
  }
#endif
  if (enabled) at::autocast::increment_nesting();
  else if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  return Napi::Boolean::New(info.Env(), before);
}

Napi::Value setThreads(const Napi::CallbackInfo& info, State&) {
  at::set_num_threads(static_cast<int>(integer(info.Env(), info[0])));
  return info.Env().Undefined();
}

Napi::Value threads(const Napi::CallbackInfo& info, State&) {
  return Napi::Number::New(info.Env(), at::get_num_threads());
}

Napi::Value manualSeed(const Napi::CallbackInfo& info, State&) {
  at::manual_seed(static_cast<uint64_t>(integer(info.Env(), info[0])));
  return info.Env().Undefined();
}

Napi::Value randomState(const Napi::CallbackInfo& info, State& s) {
  return Napi::Value(info.Env(), fromTensor(info.Env(), s, at::globalContext().defaultGenerator(at::kCPU).get_state()));
}

Napi::Value setRandomState(const Napi::CallbackInfo& info, State& s) {
  auto generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_state(s.at(handleOf(info, 0)));
  return info.Env().Undefined();
}

Napi::Value hasCuda(const Napi::CallbackInfo& info, State&) {
  return Napi::Boolean::New(info.Env(), at::globalContext().hasCUDA());
}

// lend(typed array, shape, scalar type): a tensor over the array's own memory, which stays alive with it.
Napi::Value lend(const Napi::CallbackInfo& info, State& s) {
  napi_env env = info.Env();
  s.releaseLent(env);
  if (!info[0].IsTypedArray()) fail("expected a typed array");
  auto array = info[0].As<Napi::TypedArray>();
  const auto sizes = integers(env, info[1]);
  const auto dtype = static_cast<at::ScalarType>(integer(env, info[2]));
  int64_t elements = 1;
  for (int64_t size : sizes) {
    if (size < 0) fail("a shape has no negative size");
    if (size > 0 && elements > (int64_t{1} << 52) / size) fail("the shape is too large");
    elements *= size;
  }
  const auto bytes = static_cast<uint64_t>(elements) * c10::elementSize(dtype);
  if (bytes != array.ByteLength()) {
    fail("the shape needs " + std::to_string(bytes) + " bytes, but the array has " + std::to_string(array.ByteLength()));
  }
  auto* data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  if (bytes == 0) return Napi::Number::New(env, s.add(at::empty(sizes, dtype)));
  napi_ref reference;
  napi_create_reference(env, info[0], 1, &reference);
  auto deleter = [lent = s.lent, reference](void*) {
    std::lock_guard<std::mutex> lock(lent->mutex);
    if (lent->alive) lent->returned.push_back(reference);
  };
  return Napi::Number::New(env, s.add(at::from_blob(data, sizes, deleter, at::TensorOptions(dtype))));
}

// bytes(tensor): an ArrayBuffer over the tensor's own memory, which stays alive with it.
Napi::Value bytes(const Napi::CallbackInfo& info, State& s) {
  const at::Tensor& tensor = s.at(handleOf(info, 0));
  if (!tensor.device().is_cpu() || !tensor.is_contiguous()) fail("expected a contiguous tensor on the CPU");
  if (tensor.nbytes() == 0) return Napi::ArrayBuffer::New(info.Env(), size_t{0});
  auto* owner = new at::Tensor(tensor.detach());
  return Napi::ArrayBuffer::New(info.Env(), owner->data_ptr(), owner->nbytes(),
                                [](Napi::Env, void*, at::Tensor* held) { delete held; }, owner);
}

// ---- process groups, where this libtorch has them ----

#ifdef CFCONTRA_C10D
namespace group = process_group;

template <typename T>
Napi::Value hold(Napi::Env env, std::shared_ptr<T> value) {
  return Napi::External<std::shared_ptr<T>>::New(env, new std::shared_ptr<T>(std::move(value)),
                                                 [](Napi::Env, std::shared_ptr<T>* held) { delete held; });
}

template <typename T>
std::shared_ptr<T>& held(const Napi::CallbackInfo& info, size_t i = 0) {
  if (!info[i].IsExternal()) fail("expected a store, a process group or its work");
  return *info[i].As<Napi::External<std::shared_ptr<T>>>().Data();
}

group::Milliseconds milliseconds(const Napi::CallbackInfo& info, size_t i) {
  return group::Milliseconds(integer(info.Env(), info[i]));
}

// openStore(host, port, serve, timeout)
Napi::Value openStore(const Napi::CallbackInfo& info, State&) {
  const auto port = static_cast<uint16_t>(integer(info.Env(), info[1]));
  return hold(info.Env(), group::openStore(text(info.Env(), info[0]), port, boolean(info.Env(), info[2]),
                                           milliseconds(info, 3)));
}

Napi::Value storePut(const Napi::CallbackInfo& info, State&) {
  group::put(*held<group::Store>(info), text(info.Env(), info[1]), text(info.Env(), info[2]));
  return info.Env().Undefined();
}

// storeHas(store, key, timeout)
Napi::Value storeHas(const Napi::CallbackInfo& info, State&) {
  const bool has = group::has(*held<group::Store>(info), text(info.Env(), info[1]), milliseconds(info, 2));
  return Napi::Boolean::New(info.Env(), has);
}

Napi::Value storeGet(const Napi::CallbackInfo& info, State&) {
  return Napi::String::New(info.Env(), group::get(*held<group::Store>(info), text(info.Env(), info[1])));
}

// connect(store, prefix, rank, size, address, timeout)
Napi::Value connect(const Napi::CallbackInfo& info, State&) {
  napi_env env = info.Env();
  const auto rank = static_cast<int>(integer(env, info[2])), size = static_cast<int>(integer(env, info[3]));
  return hold(env, group::connect(held<group::Store>(info), text(env, info[1]), rank, size, text(env, info[4]),
                                  milliseconds(info, 5)));
}

// serves(tensor)
Napi::Value serves(const Napi::CallbackInfo& info, State& s) {
  return Napi::Boolean::New(info.Env(), group::serves(s.at(handleOf(info, 0))));
}

Napi::Value sum(const Napi::CallbackInfo& info, State& s) {
  return hold(info.Env(), group::sum(*held<group::Group>(info), tensors(info.Env(), s, info[1])));
}

// broadcast(group, tensor, from)
Napi::Value broadcast(const Napi::CallbackInfo& info, State& s) {
  const auto from = static_cast<int>(integer(info.Env(), info[2]));
  return hold(info.Env(), group::broadcast(*held<group::Group>(info), s.at(handleOf(info, 1)), from));
}

Napi::Value barrier(const Napi::CallbackInfo& info, State&) {
  return hold(info.Env(), group::barrier(*held<group::Group>(info)));
}

Napi::Value wait(const Napi::CallbackInfo& info, State&) {
  group::wait(*held<group::Work>(info));
  return info.Env().Undefined();
}

// exchange(group, buckets of parameters)
Napi::Value exchange(const Napi::CallbackInfo& info, State& s) {
  std::vector<std::vector<at::Tensor>> buckets;
  eachElement(info.Env(), info[1], [&](napi_value bucket) { buckets.push_back(tensors(info.Env(), s, bucket)); });
  return hold(info.Env(), group::exchange(held<group::Group>(info), std::move(buckets)));
}

// exchangeExpect(exchange, loss)
Napi::Value exchangeExpect(const Napi::CallbackInfo& info, State& s) {
  group::expect(*held<group::Exchange>(info), s.at(handleOf(info, 1)));
  return info.Env().Undefined();
}

Napi::Value exchangeSendRest(const Napi::CallbackInfo& info, State&) {
  group::sendRest(*held<group::Exchange>(info));
  return info.Env().Undefined();
}

Napi::Value exchangeWait(const Napi::CallbackInfo& info, State&) {
  group::wait(*held<group::Exchange>(info));
  return info.Env().Undefined();
}
#endif

Napi::Object init(Napi::Env env, Napi::Object exports) {
  static std::once_flag once;
  std::call_once(once, memory::install);
  napi_set_instance_data(
      env, new State(), [](napi_env, void* data, void*) { delete static_cast<State*>(data); }, nullptr);
  const auto raw = [&](const char* name, napi_callback callback) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    exports.Set(name, Napi::Value(env, function));
  };
  raw("lookup", lookup);
  raw("call", call);
  exports.Set("schema", Napi::Function::New(env, schemaOf));
  exports.Set("version", Napi::String::New(env, TORCH_VERSION));
#define ENTRY(name) exports.Set(#name, Napi::Function::New(env, entry<name>))
  ENTRY(dispose);
  ENTRY(isLive);
  ENTRY(liveTensors);
  ENTRY(liveBytes);
  ENTRY(shape);
  ENTRY(scalarType);
  ENTRY(device);
  ENTRY(requiresGrad);
  ENTRY(setRequiresGrad);
  ENTRY(grad);
  ENTRY(setGrad);
  ENTRY(backward);
  ENTRY(gradients);
  ENTRY(setGradEnabled);
  ENTRY(setAutocast);
  ENTRY(setThreads);
  ENTRY(threads);
  ENTRY(manualSeed);
  ENTRY(randomState);
  ENTRY(setRandomState);
  ENTRY(hasCuda);
  ENTRY(lend);
  ENTRY(bytes);
#ifdef CFCONTRA_C10D
  ENTRY(openStore);
  ENTRY(storePut);
  ENTRY(storeHas);
  ENTRY(storeGet);
  ENTRY(connect);
  ENTRY(serves);
  ENTRY(sum);
  ENTRY(broadcast);
  ENTRY(barrier);
  ENTRY(wait);
  ENTRY(exchange);
  ENTRY(exchangeExpect);
  ENTRY(exchangeSendRest);
  ENTRY(exchangeWait);
#endif
#undef ENTRY
  return exports;
}

}  // namespace

NODE_API_MODULE(torch, init)
