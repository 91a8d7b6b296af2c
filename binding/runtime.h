// Threads, random numbers and devices of the process.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <thread>

#include "state.h"

namespace binding {

// OpenMP ends the process if it cannot start the requested number of threads.
inline int64_t mostThreads() { return std::max<int64_t>(256, std::thread::hardware_concurrency()); }

inline napi_value setThreads(const Arguments& args) {
  at::set_num_threads(static_cast<int>(args.integerIn(0, 1, mostThreads(), "a number of threads")));
  return nullptr;
}

inline napi_value threads(const Arguments& args) {
  return fromNumber(args.env, static_cast<double>(at::get_num_threads()));
}

inline napi_value manualSeed(const Arguments& args) {
  at::manual_seed(static_cast<uint64_t>(integer(args.env, args[0])));
  return nullptr;
}

// randomState(): the state of the CPU's generator
inline napi_value randomState(const Arguments& args) {
  const auto state = at::globalContext().defaultGenerator(at::kCPU).get_state();
  return fromTensor(args.env, args.state.handles, state);
}

inline napi_value setRandomState(const Arguments& args) {
  auto generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_state(args.tensor(0));
  return nullptr;
}

inline napi_value hasCuda(const Arguments& args) {
  return fromBoolean(args.env, at::globalContext().hasCUDA());
}

}  // namespace binding
