// Copies JavaScript's memory into tensors, and shares tensors' memory with JavaScript.
#pragma once
#include <cstring>
#include <memory>

#include "state.h"

namespace binding {

// ---- JavaScript -> tensor ----

inline size_t bytesPerElement(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array: return 1;
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array: return 8;
    default: fail("expected a typed array of integers, float32 or float64");
  }
}

inline uint64_t bytesFor(const std::vector<int64_t>& sizes, at::ScalarType dtype) {
  double bytes = static_cast<double>(c10::elementSize(dtype));
  for (const int64_t size : sizes) {
    if (size < 0) fail("a shape cannot have a negative size, but received " + std::to_string(size));
    bytes *= static_cast<double>(size);
  }
  if (bytes > kLargestInteger) fail("the shape is too large");
  return static_cast<uint64_t>(bytes);
}

struct Bytes {
  const void* data;
  size_t count;
};

inline Bytes bytesOf(napi_env env, napi_value array) {
  bool isTyped = false;
  check(env, napi_is_typedarray(env, array, &isTyped));
  if (!isTyped) fail("expected a typed array");
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* data = nullptr;
  check(env, napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr));
  return {data, length * bytesPerElement(type)};
}

// A tensor with copies of several arrays, one after another. Sharing their bytes would not be safe: JavaScript
// can shrink an array's buffer or move it to another thread at any time. With `pinned`, a GPU can copy the
// tensor while the CPU goes on; libtorch reuses such memory once all copies of it are done.
inline napi_value copied(const Arguments& args, const std::vector<napi_value>& arrays,
                         const std::vector<int64_t>& sizes, at::ScalarType dtype, bool pinned) {
  if (!at::isIntegralType(dtype, /*includeBool=*/true) && !at::isFloatingType(dtype)) {
    fail("expected the scalar type of integers, floats or booleans");
  }
  const auto needed = bytesFor(sizes, dtype);
  std::vector<Bytes> parts;
  uint64_t given = 0;
  for (const auto array : arrays) {
    parts.push_back(bytesOf(args.env, array));
    given += parts.back().count;
  }
  if (needed != given) {
    fail("the shape needs " + std::to_string(needed) + " bytes, but the array has " + std::to_string(given));
  }
  const auto tensor = at::empty(sizes, at::TensorOptions(dtype).pinned_memory(pinned));
  auto* to = static_cast<char*>(needed > 0 ? tensor.data_ptr() : nullptr);
  for (const auto& [data, count] : parts) {
    if (count > 0) std::memcpy(to, data, count);
    to += count;
  }
  return fromTensor(args.env, args.state.handles, tensor);
}

// fromArray(typed array, shape, scalar type): a tensor with a copy of the array's bytes
inline napi_value fromArray(const Arguments& args) {
  const auto sizes = integers(args.env, args[1]);  // a getter in it may change the array
  return copied(args, {args[0]}, sizes, scalarType(args.env, args[2]), false);
}

// fromArrays(typed arrays, shape, scalar type, pinned): the same of several arrays
inline napi_value fromArrays(const Arguments& args) {
  const auto arrays = listOf<napi_value>(args.env, args[0], [](napi_value array) { return array; });
  const auto sizes = integers(args.env, args[1]);
  return copied(args, arrays, sizes, scalarType(args.env, args[2]), args.boolean(3));
}

// ---- tensor -> JavaScript ----

// The memory of a storage, held by the storage and by every array over it. When libtorch gives the
// storage other memory (resize_), the arrays keep the old one.
using Memory = std::shared_ptr<c10::DataPtr>;

inline void letGo(void* memory) { delete static_cast<Memory*>(memory); }

inline Memory memoryOf(const c10::Storage& storage) {
  const auto& current = storage.data_ptr();
  if (current.get_deleter() == &letGo) return *static_cast<Memory*>(current.get_context());
  auto memory = std::make_shared<c10::DataPtr>();
  auto share = std::make_unique<Memory>(memory);
  c10::DataPtr shared(current.get(), share.release(), &letGo, current.device());
  *memory = storage.set_data_ptr(std::move(shared));
  return memory;
}

// Whether the tensor's memory contains its elements in row-major order.
inline bool isPlain(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.layout() == at::kStrided && tensor.has_storage() &&
         tensor.is_contiguous() && !tensor.is_conj() && !tensor.is_neg() && !tensor._is_zerotensor();
}

// bytes(tensor): an ArrayBuffer over the tensor's own memory, which it keeps alive
inline napi_value bytes(const Arguments& args) {
  const at::Tensor& tensor = args.tensor(0);
  if (!isPlain(tensor)) fail("expected a contiguous tensor on the CPU");
  const size_t count = tensor.nbytes();
  napi_value buffer;
  if (count == 0) {
    void* nothing;
    check(args.env, napi_create_arraybuffer(args.env, 0, &nothing, &buffer));
    return buffer;
  }
  void* data = tensor.data_ptr();  // before memoryOf(): memory that is copied on write is copied now
  const auto begin = static_cast<uint64_t>(tensor.storage_offset()) * tensor.itemsize();
  if (data == nullptr || begin + count > tensor.storage().nbytes()) {
    fail("expected a tensor whose elements lie in its storage");
  }
  auto memory = std::make_unique<Memory>(memoryOf(tensor.storage()));
  const auto finalize = [](napi_env, void*, void* held) { letGo(held); };
  check(args.env, napi_create_external_arraybuffer(args.env, data, count, finalize, memory.get(), &buffer));
  memory.release();
  return buffer;
}

}  // namespace binding
