// Reads and creates JavaScript values, and converts C++ exceptions to errors.
// Every call into Node-API may fail (a getter throws, a worker is being stopped), so each goes
// through check().
#pragma once
#include <c10/util/Exception.h>
#include <node_api.h>

#include <cmath>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace binding {

// Thrown while a JavaScript exception is pending, which the caller then receives.
struct Pending {};

[[noreturn]] inline void fail(const std::string& message) { throw std::invalid_argument(message); }

inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw Pending();
  fail("Node-API failed with status " + std::to_string(status));
}

// ---- errors ----

inline std::string firstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

inline std::string message(const std::exception& error) {
  if (auto* torchError = dynamic_cast<const c10::Error*>(&error)) {
    return firstLine(torchError->what_without_backtrace());
  }
  return firstLine(error.what());
}

// Runs the body of an entry point, and converts its exceptions to JavaScript errors.
template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const Pending&) {
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, nullptr, "out of memory");
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, message(error).c_str());
  } catch (...) {
    napi_throw_error(env, nullptr, "unknown native failure");
  }
  return nullptr;
}

// ---- reading ----

constexpr double kLargestInteger = 9007199254740992.0;  // 2^53: beyond it, not every integer is a number
constexpr uint32_t kLongestList = 1 << 20;

inline double number(napi_env env, napi_value value, const char* expected) {
  double result;
  if (napi_get_value_double(env, value, &result) != napi_ok) fail(std::string("expected ") + expected);
  return result;
}

inline int64_t integer(napi_env env, napi_value value) {
  const double result = number(env, value, "an integer");
  if (result != std::floor(result) || std::abs(result) > kLargestInteger) {
    fail("expected an integer, but received " + std::to_string(result));
  }
  return static_cast<int64_t>(result);
}

inline int64_t integerIn(napi_env env, napi_value value, int64_t least, int64_t most, const char* what) {
  const int64_t result = integer(env, value);
  if (result < least || result > most) {
    fail(std::string("expected ") + what + " from " + std::to_string(least) + " to " + std::to_string(most) +
         ", but received " + std::to_string(result));
  }
  return result;
}

inline bool boolean(napi_env env, napi_value value) {
  bool result;
  if (napi_get_value_bool(env, value, &result) != napi_ok) fail("expected true or false");
  return result;
}

inline std::string text(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) fail("expected a string");
  std::string result(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, &result[0], length + 1, &length));
  return result;
}

inline bool isNull(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_undefined || type == napi_null;
}

// Elements may be getters: any JavaScript may run between two visits.
template <typename Visit>
void eachElement(napi_env env, napi_value list, Visit visit) {
  bool isArray = false;
  check(env, napi_is_array(env, list, &isArray));
  if (!isArray) fail("expected an array");
  uint32_t length;
  check(env, napi_get_array_length(env, list, &length));
  if (length > kLongestList) fail("expected at most a million elements, but received " + std::to_string(length));
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    check(env, napi_get_element(env, list, i, &element));
    visit(element);
  }
}

template <typename T, typename Convert>
std::vector<T> listOf(napi_env env, napi_value list, Convert convert) {
  std::vector<T> result;
  eachElement(env, list, [&](napi_value element) { result.push_back(convert(element)); });
  return result;
}

inline std::vector<int64_t> integers(napi_env env, napi_value list) {
  return listOf<int64_t>(env, list, [&](napi_value element) { return integer(env, element); });
}

// ---- creating ----

inline napi_value fromNumber(napi_env env, double value) {
  napi_value result;
  check(env, napi_create_double(env, value, &result));
  return result;
}

inline napi_value fromBoolean(napi_env env, bool value) {
  napi_value result;
  check(env, napi_get_boolean(env, value, &result));
  return result;
}

inline napi_value fromText(napi_env env, const std::string& value) {
  napi_value result;
  check(env, napi_create_string_utf8(env, value.data(), value.size(), &result));
  return result;
}

inline napi_value null(napi_env env) {
  napi_value result;
  check(env, napi_get_null(env, &result));
  return result;
}

template <typename List, typename Convert>
napi_value fromList(napi_env env, const List& list, Convert convert) {
  napi_value result;
  check(env, napi_create_array_with_length(env, list.size(), &result));
  uint32_t i = 0;
  for (const auto& element : list) check(env, napi_set_element(env, result, i++, convert(element)));
  return result;
}

}  // namespace binding
