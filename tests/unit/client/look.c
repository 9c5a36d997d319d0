#include "tests/unit/replica/look.c" /* the same looks for both layers */
