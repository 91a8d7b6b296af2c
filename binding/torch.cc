// The addon: calls any ATen operator by its schema, and a few functions that are not operators. Policy and
// messages are in src/torch/. No argument from JavaScript may crash the addon.
//
// One translation unit of small files, each of which includes those before it:
//   js.h        JavaScript values, and exceptions as errors
//   handles.h   tensors as numbers
//   convert.h   arguments and results by their types in a schema
//   state.h     the state of a thread, the arguments of a function
//   call.h      operators
//   tensors.h   shape, type, device, gradient
//   elements.h  typed arrays in and out
//   autograd.h  back-propagation, grad mode, autocast
//   runtime.h   threads, seeds
//   gpu.h       GPUs
//   held.h      other values than tensors
//   cuda-graph.h    CUDA graphs, if this libtorch has them
//   groups.h    process groups, if this libtorch has them
#include "autograd.h"
#include "call.h"
#include "elements.h"
#include "gpu.h"
#include "memory.h"
#include "runtime.h"
#include "tensors.h"
#if defined(CFCONTRA_CUDA) && defined(TORCH_AT_LEAST_2_4)
#define CFCONTRA_GRAPHS
#include "cuda-graph.h"
#endif
#ifdef CFCONTRA_C10D
#include "groups.h"
#endif

#include <mutex>

namespace binding {

struct Function {
  const char* name;
  napi_callback callback;
};

const Function kFunctions[] = {
    {"operatorNames", entry<operatorNames>},
    {"lookup", entry<lookup>},
    {"schema", entry<schema>},
    {"call", entry<call>},

    {"dispose", entry<dispose>},
    {"isLive", entry<isLive>},
    {"liveTensors", entry<liveTensors>},
    {"liveBytes", entry<liveBytes>},
    {"shape", entry<shape>},
    {"scalarType", entry<scalarTypeOf>},
    {"device", entry<device>},
    {"requiresGrad", entry<requiresGrad>},
    {"setRequiresGrad", entry<setRequiresGrad>},
    {"grad", entry<grad>},
    {"setGrad", entry<setGrad>},
    {"fromArray", entry<fromArray>},
    {"fromArrays", entry<fromArrays>},
    {"bytes", entry<bytes>},

    {"backward", entry<backward>},
    {"gradients", entry<gradients>},
    {"setGradEnabled", entry<setGradEnabled>},
    {"enterAutocast", entry<enterAutocast>},
    {"leaveAutocast", entry<leaveAutocast>},

    {"setThreads", entry<setThreads>},
    {"threads", entry<threads>},
    {"manualSeed", entry<manualSeed>},
    {"randomState", entry<randomState>},
    {"setRandomState", entry<setRandomState>},

    {"hasCudaBuild", entry<hasCudaBuild>},
    {"gpus", entry<gpus>},
    {"useGpu", entry<useGpu>},
    {"setTf32", entry<setTf32>},
    {"setCudnnBenchmark", entry<setCudnnBenchmark>},
    {"setCudnnDeterministic", entry<setCudnnDeterministic>},
    {"cudaVersions", entry<cudaVersions>},
#ifdef CFCONTRA_CUDA
    {"gpuName", entry<gpuName>},
    {"gpuMemory", entry<gpuMemory>},
    {"gpuCapacity", entry<gpuCapacity>},
    {"resetGpuPeak", entry<resetGpuPeak>},
    {"isGpuIdle", entry<isGpuIdle>},
#endif
#ifdef CFCONTRA_GRAPHS
    {"useOwnStream", entry<useOwnStream>},
    {"beginCapture", entry<beginCapture>},
    {"endCapture", entry<endCapture>},
    {"abandonCapture", entry<abandonCapture>},
    {"replayGraph", entry<replayGraph>},
    {"disposeGraph", entry<disposeGraph>},
#endif
#ifdef CFCONTRA_C10D

    {"openStore", entry<openStore>},
    {"storePut", entry<storePut>},
    {"storeHas", entry<storeHas>},
    {"storeGet", entry<storeGet>},
    {"connect", entry<connect>},
    {"serves", entry<serves>},
    {"sum", entry<sum>},
    {"broadcast", entry<broadcast>},
    {"barrier", entry<barrier>},
    {"wait", entry<wait>},
    {"exchange", entry<exchange>},
    {"exchangeExpect", entry<exchangeExpect>},
    {"exchangeSendRest", entry<exchangeSendRest>},
    {"exchangeWait", entry<exchangeWait>},
#endif
};

napi_value init(napi_env env, napi_value exports) {
  static std::once_flag once;
  std::call_once(once, memory::install);
  createState(env);
  for (const auto& [name, callback] : kFunctions) {
    napi_value function;
    check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function));
    check(env, napi_set_named_property(env, exports, name, function));
  }
  check(env, napi_set_named_property(env, exports, "version", fromText(env, TORCH_VERSION)));
  return exports;
}

}  // namespace binding

NAPI_MODULE_INIT() {
  return binding::guarded(env, [&] { return binding::init(env, exports); });
}
