// Values that threads keep in registers are arrays whose indices must be known to the compiler:
// loops over them are unrolled.
#pragma once

#ifdef VOUCH_SHIM
#define UNROLL
#else
#define UNROLL _Pragma("unroll")
#endif
