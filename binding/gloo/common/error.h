#include "gloo/declared.h"
