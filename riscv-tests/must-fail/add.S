# A test that fails: the expectation of its second check is wrong by one. It ends with exit code
# 7 = 2 * 3 + 1; anything else means that the harness would not notice a failure.

#include "riscv_test.h"
#include "test_macros.h"

RVTEST_RV32U
RVTEST_CODE_BEGIN

  TEST_RR_OP( 2, add, 3, 1, 2 );
  TEST_RR_OP( 3, add, 4, 1, 2 );
  TEST_RR_OP( 4, add, 5, 2, 3 );

  TEST_PASSFAIL

RVTEST_CODE_END
