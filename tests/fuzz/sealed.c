/* What is packed or sealed: deflated lines, envelopes, bundles, proofs.
 *
 * The first byte says which (a letter from a to h).  What only its keys could
 * have made is sealed here first, so that a fuzzer reaches what lies within. */
#include <string.h>
#include "shared/replica/seal.h"
#include "shared/wire/bundle.h"
#include "shared/wire/deflate.h"
#include "shared/wire/proof.h"
#include "tests/fuzz/target.h"

#define PLAIN_BYTES_MAX (1u << 20)

static struct keypair keys(uint8_t of)
{
    uint8_t seed[32];
    struct keypair pair;
    memset(seed, of, sizeof seed);
    keypair_from_seed(&pair, seed);
    return pair;
}

/* --- deflate -------------------------------------------------------------- */

static void packed(struct deflate_line *d, struct bytes plain)
{
    struct buffer once, again;
    buffer_init(&once, 2 * PLAIN_BYTES_MAX);
    buffer_init(&again, PLAIN_BYTES_MAX);
    must(!deflate_line_pack(d, plain, &once));
    must(!deflate_line_unpack(d, buffer_bytes(&once), &again));
    must(bytes_equal(buffer_bytes(&again), plain));
    buffer_fini(&once);
    buffer_fini(&again);
}

/* What unpacks below a ceiling, unpacks at it and not beneath it. */
static void unpacked(struct bytes text)
{
    struct deflate_line *d;
    struct buffer out, tight;
    must(!deflate_line_new(&d, 6));
    buffer_init(&out, PLAIN_BYTES_MAX);
    if (deflate_line_unpack(d, text, &out)) {
        must(out.size == 0);
    } else {
        buffer_init(&tight, out.size);
        must(!deflate_line_unpack(d, text, &tight));
        must(bytes_equal(buffer_bytes(&tight), buffer_bytes(&out)));
        buffer_fini(&tight);
        if (out.size) {
            buffer_init(&tight, out.size - 1);
            must(deflate_line_unpack(d, text, &tight) == ERR_TOO_BIG);
            buffer_fini(&tight);
        }
        packed(d, buffer_bytes(&out));
    }
    packed(d, text);
    deflate_line_free(d);
    buffer_fini(&out);
}

/* --- envelopes ------------------------------------------------------------ */

static void envelope(struct bytes text)
{
    struct random_seeded dice;
    struct buffer sealed, plain;
    struct bytes ad = bytes_text("ad");
    struct keypair pair = keys(7);
    buffer_init(&sealed, PLAIN_BYTES_MAX);
    buffer_init(&plain, PLAIN_BYTES_MAX);
    must(seal_open(&plain, pair.public_key, ad, text) == ERR_CORRUPT);
    must(plain.size == 0);
    random_seeded_init(&dice, text.size);
    must(!seal_close(&sealed, &dice.random, pair.public_key, ad, text));
    must(!seal_open(&plain, pair.public_key, ad, buffer_bytes(&sealed)));
    must(bytes_equal(buffer_bytes(&plain), text));
    if (text.size) {
        sealed.at[text.at[0] % sealed.size] ^= 1;
        must(seal_open(&plain, pair.public_key, ad, buffer_bytes(&sealed)) ==
             ERR_CORRUPT);
    }
    buffer_fini(&sealed);
    buffer_fini(&plain);
}

/* --- bundles -------------------------------------------------------------- */

/* The file as it comes: what is no bundle is told from one that is cut. */
static void bundle(struct bytes file)
{
    struct bundle_label label;
    struct bytes sealed;
    struct buffer out;
    struct keypair pair = keys(3);
    uint8_t box[KEY_BYTES], secret[32];
    enum err err = bundle_label_read(file, &label, &sealed);
    must(!err || err == ERR_FOREIGN || err == ERR_UNSUPPORTED);
    if (err)
        return;
    must(name_valid(bytes_text(label.agency)));
    must(replica_valid(bytes_text(label.replica)));
    must(!bundle_reply_secret(box, secret, &pair));
    buffer_init(&out, PLAIN_BYTES_MAX);
    err = bundle_open(&out, sealed, box, secret);
    must(err == ERR_CORRUPT || (!err && out.size + 48 == sealed.size));
    buffer_fini(&out);
}

/* What stands in a bundle is the same when it was sealed and opened. */
static void content(struct bytes text)
{
    struct bundle_label label = {BUNDLE_REPLY, "north", "wAAAAAAAAAAAA"}, read;
    struct keypair pair = keys(3);
    uint8_t box[KEY_BYTES], secret[32];
    struct bytes sealed;
    struct buffer file, out;
    buffer_init(&file, PLAIN_BYTES_MAX);
    buffer_init(&out, PLAIN_BYTES_MAX);
    must(!bundle_reply_secret(box, secret, &pair));
    must(!bundle_seal(&file, &label, box, text));
    must(!bundle_label_read(buffer_bytes(&file), &read, &sealed));
    must(read.kind == label.kind && !strcmp(read.agency, label.agency));
    must(!bundle_open(&out, sealed, box, secret));
    must(bytes_equal(buffer_bytes(&out), text));
    buffer_fini(&file);
    buffer_fini(&out);
}

/* A reply that is read can be written again, by whom it may concern. */
static bool reply(struct bytes text)
{
    struct arena arena;
    struct bundle_reply reply, again;
    struct bundle_signed proof;
    struct keypair term = keys(4);
    struct buffer out;
    arena_init(&arena, 8u << 20);
    buffer_init(&out, 2 * PLAIN_BYTES_MAX);
    enum err err = bundle_reply_read(&arena, text, &reply, &proof);
    must(!err || err == ERR_CORRUPT);
    if (!err) {
        (void)!bundle_reply_verify(&proof, term.public_key);
        must(!bundle_reply_write(&out, &reply, &term));
        must(!bundle_reply_read(&arena, buffer_bytes(&out), &again, &proof));
        must(!bundle_reply_verify(&proof, term.public_key));
        must(bytes_equal(again.header, reply.header) &&
             bytes_equal(again.body, reply.body) &&
             bytes_equal(again.term, reply.term));
    }
    buffer_fini(&out);
    arena_fini(&arena);
    return !err;
}

/* The first line is the request that is answered, the rest the body: their
 * hash and signature, which a fuzzer does not guess, are made here. */
static void answer(struct bytes text)
{
    const uint8_t *end = text.size ? memchr(text.at, '\n', text.size) : NULL;
    size_t line = end ? (size_t)(end - text.at) : 0;
    struct bundle_reply made = {.at = 7,
                                .status = 200,
                                .header = bytes_of(text.at, line),
                                .term = bytes_text("{}"),
                                .body =
                                    bytes_of(text.at + line, text.size - line)};
    struct keypair term = keys(4);
    struct buffer out;
    buffer_init(&out, 2 * PLAIN_BYTES_MAX);
    bool whole =
        utf8_valid(made.header, NULL) && (!line || !memchr(text.at, 0, line));
    if (whole && !bundle_reply_write(&out, &made, &term))
        must(reply(buffer_bytes(&out)));
    buffer_fini(&out);
}

/* --- proofs --------------------------------------------------------------- */

static enum err receipt(void *context, const struct proof_receipt *receipt,
                        const struct certificate *writer)
{
    size_t *count = context;
    must(receipt->receipt.n >= 1 && writer->user[0]);
    ++*count;
    return ERR_OK;
}

static enum err proof(struct bytes text)
{
    struct arena arena;
    size_t count = 0;
    struct keypair root = keys(1);
    arena_init(&arena, 8u << 20);
    enum err err = proof_check(&arena, text, root.public_key, receipt, &count);
    must(err || count > 0);
    arena_fini(&arena);
    return err;
}

/* The first line is a term's certificate, the rest the writer's; the root has
 * signed both, whatever they say. */
static void certified(struct bytes text)
{
    struct proof_receipt p = {.backed = true, .taken_at = 9};
    struct keypair root = keys(1), term = keys(2);
    struct buffer out;
    const uint8_t *end = text.size ? memchr(text.at, '\n', text.size) : NULL;
    if (!end || !utf8_valid(text, NULL) || memchr(text.at, 0, text.size))
        return;
    size_t line = (size_t)(end - text.at);
    p.term = bytes_of(text.at, line);
    p.writer = bytes_of(end + 1, text.size - line - 1);
    p.receipt = (struct receipt){
        .agency = "north", .lineage = "AAAAAAAAAAAAAAAAAAAAAA", .n = 5};
    replica_id(p.receipt.replica, 'w', "north", keys(3).public_key);
    chain_sign(p.term_sig, &root, DOMAIN_TERM, p.term);
    chain_sign(p.writer_sig, &root, DOMAIN_CERT, p.writer);
    buffer_init(&out, PLAIN_BYTES_MAX);
    must(!receipt_message(&out, &p.receipt));
    chain_sign(p.receipt.signature, &term, DOMAIN_BACKED, buffer_bytes(&out));
    buffer_clear(&out);
    proof_begin(&out, "north");
    proof_add(&out, &p, true);
    must(!proof_end(&out, root.public_key));
    enum err err = proof(buffer_bytes(&out));
    must(!err || err == ERR_SIGNATURE || err == ERR_INVALID);
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    if (!size)
        return 0;
    struct bytes text = bytes_of(at + 1, size - 1);
    switch (at[0] % 8) {
    case 'a' % 8:
        unpacked(text);
        break;
    case 'b' % 8:
        envelope(text);
        break;
    case 'c' % 8:
        bundle(text);
        break;
    case 'd' % 8:
        (void)reply(text);
        break;
    case 'e' % 8:
        answer(text);
        break;
    case 'f' % 8:
        (void)!proof(text);
        break;
    case 'g' % 8:
        certified(text);
        break;
    default:
        content(text);
        break;
    }
    return 0;
}
