#include "shared/model/amount.h"

#include <stdio.h>
#include <string.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

enum err amount_read(const char *text, int64_t *cents)
{
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    int64_t units, part = 0;
    if (whole == 0 || whole > 10 ||
        int64_parse(bytes_of(text, whole), &units) != ERR_OK)
        return ERR_INVALID;
    if (*rest) {
        if (rest[0] != '.' || !digit(rest[1]) || !digit(rest[2]) || rest[3])
            return ERR_INVALID;
        part = (rest[1] - '0') * 10 + (rest[2] - '0');
    }
    int64_t sum = units * 100 + part;
    if (sum < 1 || sum > AMOUNT_CENTS_MAX)
        return ERR_INVALID;
    *cents = sum;
    return ERR_OK;
}

void amount_format(char out[AMOUNT_CHARS], int64_t cents)
{
    long long size = cents < 0 ? -(long long)cents : (long long)cents;
    snprintf(out, AMOUNT_CHARS, "%s%lld.%02lld", cents < 0 ? "-" : "",
             size / 100 % 1000000000000000, size % 100);
}
