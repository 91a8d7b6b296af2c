// Values of other types than tensors, such as a process group. In JavaScript each is an object with the tag of
// its type.
#pragma once
#include <memory>

#include "state.h"

namespace binding {

// The name of a type in errors, and its tag.
template <typename T>
struct Held;

// An object that owns the value until it is collected.
template <typename T>
napi_value hold(napi_env env, std::shared_ptr<T> value) {
  napi_value object;
  check(env, napi_create_object(env, &object));
  auto owned = std::make_unique<std::shared_ptr<T>>(std::move(value));
  const auto finalize = [](napi_env, void* held, void*) { delete static_cast<std::shared_ptr<T>*>(held); };
  check(env, napi_wrap(env, object, owned.get(), finalize, nullptr, nullptr));
  owned.release();
  check(env, napi_type_tag_object(env, object, &Held<T>::tag));
  return object;
}

template <typename T>
const std::shared_ptr<T>& held(const Arguments& args, size_t i = 0) {
  bool matches = false;
  napi_valuetype type;
  check(args.env, napi_typeof(args.env, args[i], &type));
  if (type == napi_object) {
    check(args.env, napi_check_object_type_tag(args.env, args[i], &Held<T>::tag, &matches));
  }
  if (!matches) fail(std::string("expected ") + Held<T>::name);
  void* value = nullptr;
  check(args.env, napi_unwrap(args.env, args[i], &value));
  return *static_cast<std::shared_ptr<T>*>(value);
}

}  // namespace binding
