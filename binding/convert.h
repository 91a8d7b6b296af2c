// Between JavaScript and IValue. Arguments are converted by their types in an operator's schema, which
// are classified once, when the operator is looked up.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <torch/csrc/api/include/torch/version.h>

#include "handles.h"
#include "js.h"

namespace binding {

enum class Kind {
  Tensor, Tensors, Scalar, Int, Float, Bool, String, Ints, Floats, Bools, Device,
  ScalarType, Layout, MemoryFormat,  // integers in JavaScript
  Other,
};

struct Parameter {
  Kind kind;
  bool optional;         // None is allowed
  bool optionalElement;  // a list whose elements may be None
};

// ---- types of a schema ----

// The type inside Optional, and whether there was one.
inline bool unwrapOptional(c10::TypePtr& type) {
  if (type->kind() != c10::TypeKind::OptionalType) return false;
  type = type->castRaw<c10::OptionalType>()->getElementType();
  return true;
}

inline Kind kindOfList(const c10::Type& element) {
  switch (element.kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensors;
    case c10::TypeKind::IntType: return Kind::Ints;
    case c10::TypeKind::FloatType: return Kind::Floats;
    case c10::TypeKind::BoolType: return Kind::Bools;
    default: return Kind::Other;
  }
}

inline Kind kindOf(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::NumberType: return Kind::Scalar;
    case c10::TypeKind::IntType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    default: return Kind::Other;
  }
}

// An enumeration's values are integers for the dispatcher, which does not check their range.
inline Kind kindOfEnumeration(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::ScalarTypeType: return Kind::ScalarType;
    case c10::TypeKind::LayoutType: return Kind::Layout;
    case c10::TypeKind::MemoryFormatType: return Kind::MemoryFormat;
    default: return Kind::Int;
  }
}

inline Parameter classify(const c10::Argument& argument) {
  auto type = argument.type();
  Parameter parameter{Kind::Other, unwrapOptional(type), false};
  if (type->kind() == c10::TypeKind::ListType) {
    auto element = type->castRaw<c10::ListType>()->getElementType();
    parameter.optionalElement = unwrapOptional(element);
    parameter.kind = kindOfList(*element);
    return parameter;
  }
  parameter.kind = kindOf(*type);
  if (parameter.kind == Kind::Int) {
    auto declared = argument.real_type();
    unwrapOptional(declared);
    parameter.kind = kindOfEnumeration(*declared);
  }
  return parameter;
}

// ---- JavaScript -> IValue ----

inline at::Scalar scalar(napi_env env, napi_value value) {
  const double result = number(env, value, "a number");
  if (result == std::floor(result) && std::abs(result) < kLargestInteger) return static_cast<int64_t>(result);
  return result;
}

inline at::Tensor tensor(napi_env env, Handles& handles, napi_value value) {
  return handles.at(number(env, value, "a tensor"));
}

inline std::vector<at::Tensor> tensors(napi_env env, Handles& handles, napi_value list) {
  return listOf<at::Tensor>(env, list, [&](napi_value element) { return tensor(env, handles, element); });
}

inline c10::IValue tensorsOrNone(napi_env env, Handles& handles, napi_value value) {
  c10::List<c10::optional<at::Tensor>> list;
  eachElement(env, value, [&](napi_value element) {
    if (isNull(env, element)) list.push_back(c10::nullopt);
    else list.push_back(tensor(env, handles, element));
  });
  return list;
}

template <typename Enumeration>
int64_t enumerator(napi_env env, napi_value value, const char* what) {
  return integerIn(env, value, 0, static_cast<int64_t>(Enumeration::NumOptions) - 1, what);
}

inline at::ScalarType scalarType(napi_env env, napi_value value) {
  return static_cast<at::ScalarType>(enumerator<at::ScalarType>(env, value, "a scalar type"));
}

inline c10::Device deviceNamed(const std::string& name) {
  const c10::Device device(name);
  if (device.is_cuda() && !at::globalContext().hasCUDA()) {
    const bool built = at::globalContext().hasCUDART();
    fail("there is no " + name + ": libtorch " TORCH_VERSION +
         (built ? " has CUDA, but does not find a GPU" : " was built without CUDA"));
  }
  return device;
}

inline c10::IValue toIValue(napi_env env, Handles& handles, napi_value value, const Parameter& parameter) {
  if (parameter.optional && isNull(env, value)) return {};
  switch (parameter.kind) {
    case Kind::Tensor: return tensor(env, handles, value);
    case Kind::Tensors:
      if (parameter.optionalElement) return tensorsOrNone(env, handles, value);
      return tensors(env, handles, value);
    case Kind::Scalar: return scalar(env, value);
    case Kind::Int: return integer(env, value);
    case Kind::Float: return number(env, value, "a number");
    case Kind::Bool: return boolean(env, value);
    case Kind::String: return text(env, value);
    case Kind::Device: return deviceNamed(text(env, value));
    case Kind::ScalarType: return enumerator<at::ScalarType>(env, value, "a scalar type");
    case Kind::Layout: return enumerator<at::Layout>(env, value, "a layout");
    case Kind::MemoryFormat: return enumerator<at::MemoryFormat>(env, value, "a memory format");
    case Kind::Ints: return integers(env, value);
    case Kind::Floats:
      return listOf<double>(env, value, [&](napi_value element) { return number(env, element, "a number"); });
    case Kind::Bools: {
      c10::List<bool> result;
      eachElement(env, value, [&](napi_value element) { result.push_back(boolean(env, element)); });
      return result;
    }
    case Kind::Other: break;
  }
  fail("expected nothing (this argument's type has no JavaScript form)");
}

// ---- IValue -> JavaScript ----

inline napi_value fromTensor(napi_env env, Handles& handles, const at::Tensor& tensor) {
  return tensor.defined() ? fromNumber(env, handles.add(tensor)) : null(env);
}

inline napi_value fromTensors(napi_env env, Handles& handles, const std::vector<at::Tensor>& tensors) {
  return fromList(env, tensors, [&](const at::Tensor& tensor) { return fromTensor(env, handles, tensor); });
}

inline bool hasForm(const c10::IValue& value) {
  return value.isTensor() || value.isInt() || value.isDouble() || value.isTensorList() || value.isBool() ||
         value.isNone();
}

inline napi_value fromIValue(napi_env env, Handles& handles, const c10::IValue& value) {
  if (value.isTensor()) return fromTensor(env, handles, value.toTensor());
  if (value.isTensorList()) return fromTensors(env, handles, value.toTensorVector());
  if (value.isInt()) return fromNumber(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return fromNumber(env, value.toDouble());
  if (value.isBool()) return fromBoolean(env, value.toBool());
  return null(env);
}

}  // namespace binding
