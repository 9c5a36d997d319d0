/* The record whose histories are made: a field of each rule, and one that its
 * type does not know. */
#ifndef FUZZ_SAMPLE_H
#define FUZZ_SAMPLE_H

#define RECORD "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"

static const char *const fields[] = {"both",   "fixed",  "furthest", "latest",
                                     "office", "safest", "set",      "strange"};
static const char definition[] =
    "{\"type\":\"sample\",\"version\":2,\"fields\":{"
    "\"both\":{\"kind\":\"any\",\"rule\":\"both\"},"
    "\"fixed\":{\"kind\":\"any\",\"rule\":\"fixed\"},"
    "\"furthest\":{\"kind\":\"code\",\"codes\":[\"a\",\"b\",\"c\",\"d\"],"
    "\"rule\":\"furthest\",\"order\":[[\"a\",\"b\"],[\"b\",\"d\"]]},"
    "\"latest\":{\"kind\":\"any\",\"rule\":\"latest\"},"
    "\"office\":{\"kind\":\"any\",\"rule\":\"both\",\"writer\":\"office\"},"
    "\"safest\":{\"kind\":\"bool\",\"rule\":\"safest\","
    "\"order\":[[false,true]]},"
    "\"set\":{\"kind\":\"any\",\"rule\":\"set\"}}}";

#endif
