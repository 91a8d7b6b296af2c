// GPUs. Names and memory need CUDA's headers (CFCONTRA_CUDA), which setup/libtorch.js finds; the rest is in
// every build.
#pragma once
#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#ifdef CFCONTRA_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#endif

#include "state.h"

namespace binding {

// Whether a libtorch with CUDA is loaded, even if it does not find a GPU.
inline bool builtWithCuda() { return at::globalContext().hasCUDART(); }

inline int64_t countGpus() {
  if (!builtWithCuda() || !at::globalContext().hasCUDA()) return 0;
  return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount();
}

inline napi_value hasCudaBuild(const Arguments& args) { return fromBoolean(args.env, builtWithCuda()); }

// gpus(): the number of GPUs; does not open one
inline napi_value gpus(const Arguments& args) { return fromNumber(args.env, static_cast<double>(countGpus())); }

inline c10::DeviceIndex gpuIndex(const Arguments& args, size_t i) {
  const auto count = countGpus();
  if (count == 0) fail("there is no GPU");
  return static_cast<c10::DeviceIndex>(args.integerIn(i, 0, count - 1, "a GPU"));
}

// useGpu(index): makes it the current device, which NCCL, cuBLAS and "cuda" without an index use
inline napi_value useGpu(const Arguments& args) {
  const auto index = gpuIndex(args, 0);
  c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).setDevice(c10::Device(c10::DeviceType::CUDA, index));
  return nullptr;
}

// setTf32(allowed): for convolutions and matrix products of float32
inline napi_value setTf32(const Arguments& args) {
  const bool allowed = args.boolean(0);
  at::globalContext().setAllowTF32CuDNN(allowed);
  at::globalContext().setAllowTF32CuBLAS(allowed);
  return nullptr;
}

// setCudnnBenchmark(on): whether cuDNN times its algorithms for each shape
inline napi_value setCudnnBenchmark(const Arguments& args) {
  at::globalContext().setBenchmarkCuDNN(args.boolean(0));
  return nullptr;
}

// setCudnnDeterministic(on): whether cuDNN uses only algorithms that give the same bits in every run
inline napi_value setCudnnDeterministic(const Arguments& args) {
  at::globalContext().setDeterministicCuDNN(args.boolean(0));
  return nullptr;
}

// cudaVersions(): versions of CUDA's runtime and cuDNN, such as [13000, 91300]; 0 if unknown
inline napi_value cudaVersions(const Arguments& args) {
  const bool built = builtWithCuda();
  const std::vector<double> versions{
      built ? static_cast<double>(at::globalContext().versionCUDART()) : 0,
      built && at::detail::getCUDAHooks().hasCuDNN() ? static_cast<double>(at::globalContext().versionCuDNN()) : 0};
  return fromList(args.env, versions, [&](double version) { return fromNumber(args.env, version); });
}

#ifdef CFCONTRA_CUDA
// gpuName(index)
inline napi_value gpuName(const Arguments& args) {
  // Larger than the structure of any version: a runtime newer than the headers may write more.
  union {
    cudaDeviceProp properties;
    char room[1 << 14];
  } found{};
  if (cudaGetDeviceProperties(&found.properties, gpuIndex(args, 0)) != cudaSuccess) {
    cudaGetLastError();  // otherwise the next operator would report it
    return fromText(args.env, "unknown GPU");
  }
  return fromText(args.env, found.properties.name);
}

// gpuMemory(index), in bytes, of this process: allocated for tensors, its peak, reserved for tensors
inline napi_value gpuMemory(const Arguments& args) {
  const auto index = gpuIndex(args, 0);
  std::vector<double> bytes(3, 0);
  try {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index);
    bytes[0] = static_cast<double>(stats.allocated_bytes[0].current);  // 0: all blocks, small and large
    bytes[1] = static_cast<double>(stats.allocated_bytes[0].peak);
    bytes[2] = static_cast<double>(stats.reserved_bytes[0].current);
  } catch (const c10::Error&) {
    // The allocator starts with the first tensor on a GPU.
  }
  return fromList(args.env, bytes, [&](double count) { return fromNumber(args.env, count); });
}

// gpuCapacity(index), in bytes: free for all processes, and in total
inline napi_value gpuCapacity(const Arguments& args) {
  size_t free = 0, total = 0;
  const c10::cuda::CUDAGuard guard(gpuIndex(args, 0));
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) cudaGetLastError();
  const std::vector<double> bytes{static_cast<double>(free), static_cast<double>(total)};
  return fromList(args.env, bytes, [&](double count) { return fromNumber(args.env, count); });
}

// isGpuIdle(index): whether all that was started on its current stream is computed
inline napi_value isGpuIdle(const Arguments& args) {
  return fromBoolean(args.env, c10::cuda::getCurrentCUDAStream(gpuIndex(args, 0)).query());
}

// resetGpuPeak(index)
inline napi_value resetGpuPeak(const Arguments& args) {
  try {
    c10::cuda::CUDACachingAllocator::resetPeakStats(gpuIndex(args, 0));
  } catch (const c10::Error&) {
    // Nothing was allocated.
  }
  return nullptr;
}
#endif

}  // namespace binding
