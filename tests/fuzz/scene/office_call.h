/* A request of one of the devices of tests/fuzz/office.c, and its answer.
 *
 * What an input says of a request is made here into the bytes that are sent;
 * the answer is checked, and the device keeps of it what a real one would. */
#ifndef TESTS_FUZZ_SCENE_OFFICE_CALL_H
#define TESTS_FUZZ_SCENE_OFFICE_CALL_H

#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"
#include "tests/fuzz/scene/office.h"

#define BODY_BYTES_MAX (16u << 20)

/* A page as a device keeps it. */
struct page {
    struct buffer hashes, lines; /* lines with their newlines */
    size_t count;
    uint8_t mac[MAC_BYTES];
};

struct play {
    struct scene *scene;
    struct arena arena;
    struct scene_device before[SCENE_DEVICES]; /* identities before */
    bool succeeded[SCENE_DEVICES];
    struct page pages[SCENE_DEVICES];
    struct deflate_line *deflate;
    struct random_seeded dice;
    int requests;
    uint8_t seed;
    bool wrote;
};

/* The request that is being made. */
struct call {
    struct play *play;
    size_t who;
    struct scene_device *device;
    struct buffer body;
    struct frame_writer *frame;
    bool bundle, keyed;
    bool honest; /* the harness has written the header */
};

/* Begins it; `words` are what follows the user. */
void call_open(struct call *call, struct bytes words);
/* A line of its body. */
void call_line(struct call *call, struct bytes line);
/* Sends it, if one was begun. */
void call_end(struct call *call);
/* Fails unless sections 15, 19 and 20 of the protocol know this. */
void call_error(int status, const struct error_body *error);

#endif
