// CUDA graphs: the kernels of a training step, captured once and launched together. Only with CUDA's headers
// and libtorch 2.4 or newer.
#pragma once
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAStream.h>

#include "gpu.h"
#include "held.h"

namespace binding {

// A capture, and the pool of its memory, which the allocator gives to nothing else while it exists.
struct Graph {
  at::cuda::CUDAGraph capture;
  at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
};

template <>
struct Held<Graph> {
  static constexpr const char* name = "a CUDA graph";
  static constexpr napi_type_tag tag{0x9f3c5a1e7d2b4860, 0x5};
};

// useOwnStream(index): computes on a stream that can be captured, which CUDA's default stream cannot
inline napi_value useOwnStream(const Arguments& args) {
  const auto index = gpuIndex(args, 0);
  if (c10::cuda::getCurrentCUDAStream(index) != c10::cuda::getDefaultCUDAStream(index)) return nullptr;
  const c10::cuda::CUDAGuard guard(index);
  c10::cuda::device_synchronize();
  c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, index));
  return nullptr;
}

// beginCapture(): from now on, operators on the current GPU are captured instead of computed
inline napi_value beginCapture(const Arguments& args) {
  c10::cuda::CUDACachingAllocator::emptyCache();
  auto graph = std::make_shared<Graph>();
  graph->capture.capture_begin(graph->pool);
  return hold(args.env, std::move(graph));
}

// endCapture(graph): ends the capture
inline napi_value endCapture(const Arguments& args) {
  held<Graph>(args)->capture.capture_end();
  return nullptr;
}

// abandonCapture(graph): ends a capture that failed, so that operators are computed again
inline napi_value abandonCapture(const Arguments& args) {
  const auto& graph = held<Graph>(args);
  try {
    graph->capture.capture_end();
    graph->capture.reset();
  } catch (const c10::Error&) {
    // CUDA reports the failure again, and the allocator still allocates for the capture.
    const auto index = c10::cuda::current_device();
    try {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(index, graph->pool);
      c10::cuda::CUDACachingAllocator::releasePool(index, graph->pool);
    } catch (const c10::Error&) {
    }
  }
  cudaGetLastError();  // otherwise the next operator would report it
  return nullptr;
}

// replayGraph(graph): computes what was captured, with the same tensors
inline napi_value replayGraph(const Arguments& args) {
  held<Graph>(args)->capture.replay();
  return nullptr;
}

// disposeGraph(graph): frees a capture and its memory, unless tensors use it
inline napi_value disposeGraph(const Arguments& args) {
  held<Graph>(args)->capture.reset();
  return nullptr;
}

}  // namespace binding
