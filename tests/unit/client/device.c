#include "tests/unit/replica/device.c" /* the same devices for both layers */
