// Where tensors of the CPU get their memory. No JavaScript here.
#pragma once

namespace memory {

// Sets it up, for the whole process. Call it before the first tensor.
void install();

}  // namespace memory
