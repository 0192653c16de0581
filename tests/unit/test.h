#ifndef POA_TEST_H
#define POA_TEST_H

/* What every unit test includes: cmocka wants these four before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
