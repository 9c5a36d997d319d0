#include "tests/unit/replica/far_end.c" /* the same office for both layers */
