// CUDA graphs: the kernels of a training step, recorded once and launched together. Only with CUDA's headers
// and libtorch 2.4 or newer.
#pragma once
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAStream.h>

#include "gpu.h"
#include "held.h"

namespace binding {

// A recording, and the pool of its memory, which the allocator gives to nothing else while it exists.
struct Graph {
  at::cuda::CUDAGraph recording;
  at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
};

template <>
struct Held<Graph> {
  static constexpr const char* name = "a CUDA graph";
  static constexpr napi_type_tag tag{0x9f3c5a1e7d2b4860, 0x5};
};

// useOwnStream(index): computes on a stream that can be recorded, which CUDA's default stream cannot
inline napi_value useOwnStream(const Arguments& args) {
  const auto index = gpuIndex(args, 0);
  if (c10::cuda::getCurrentCUDAStream(index) != c10::cuda::getDefaultCUDAStream(index)) return nullptr;
  const c10::cuda::CUDAGuard guard(index);
  c10::cuda::device_synchronize();
  c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, index));
  return nullptr;
}

// recordGraph(): from now on, operators on the current GPU are recorded instead of computed
inline napi_value recordGraph(const Arguments& args) {
  c10::cuda::CUDACachingAllocator::emptyCache();
  auto graph = std::make_shared<Graph>();
  graph->recording.capture_begin(graph->pool);
  return hold(args.env, std::move(graph));
}

// finishGraph(graph): ends the recording
inline napi_value finishGraph(const Arguments& args) {
  held<Graph>(args)->recording.capture_end();
  return nullptr;
}

// abandonGraph(graph): ends a recording that failed, so that operators are computed again
inline napi_value abandonGraph(const Arguments& args) {
  const auto& graph = held<Graph>(args);
  try {
    graph->recording.capture_end();
  } catch (const c10::Error&) {
    // CUDA reports the failure again, and the allocator still allocates for the recording.
    const auto index = c10::cuda::current_device();
    try {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(index, graph->pool);
    } catch (const c10::Error&) {
    }
  }
  cudaGetLastError();  // otherwise the next operator would report it
  return nullptr;
}

// replayGraph(graph): computes what was recorded, with the same tensors
inline napi_value replayGraph(const Arguments& args) {
  held<Graph>(args)->recording.replay();
  return nullptr;
}

// disposeGraph(graph): frees a recording and its memory, unless tensors use it
inline napi_value disposeGraph(const Arguments& args) {
  held<Graph>(args)->recording.reset();
  return nullptr;
}

}  // namespace binding
