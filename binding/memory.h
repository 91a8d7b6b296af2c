// The allocator of tensors on the CPU.
#pragma once

namespace memory {

// Installs it for the whole process. Call it before the first tensor is created.
void install();

}  // namespace memory
