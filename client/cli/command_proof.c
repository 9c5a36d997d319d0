/* Proofs of custody: printed, and verified by anybody. */
#include <inttypes.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/clock.h"
#include "shared/base/file.h"
#include "shared/wire/proof.h"

#define ARENA_BYTES (16u << 20)

/* --- as people read it ---------------------------------------------------- */

static enum err print_receipt(void *context, const struct proof_receipt *p,
                              const struct certificate *writer)
{
    struct buffer *out = context;
    struct buffer said;
    char taken[INSTANT_CHARS];
    instant_format(taken, p->taken_at);
    buffer_printf(out,
                  "\nThe office of %s has %s lines 1 to %" PRId64
                  " of the log %s,\nwritten by %s (%s).  Received by the "
                  "device %.10s %.5s UTC.\n",
                  p->receipt.agency,
                  p->backed ? "received and backed up" : "received",
                  p->receipt.n, p->receipt.replica, writer->user, writer->role,
                  taken, taken + 11);
    buffer_init(&said, SIGN_BYTES_MAX);
    enum err err = receipt_message(&said, &p->receipt);
    if (!err) {
        buffer_printf(out, "  said      %s %s\n",
                      p->backed ? DOMAIN_BACKED : DOMAIN_RECEIPT,
                      buffer_text(&said));
        buffer_add_text(out, "  signed    ");
        buffer_add_base64(out, p->receipt.signature, SIGNATURE_BYTES);
        buffer_printf(out, "\n  by        %.*s\n  certified ",
                      (int)p->term.size, (const char *)p->term.at);
        buffer_add_base64(out, p->term_sig, SIGNATURE_BYTES);
        buffer_printf(out, "\n  writer    %.*s\n  certified ",
                      (int)p->writer.size, (const char *)p->writer.at);
        buffer_add_base64(out, p->writer_sig, SIGNATURE_BYTES);
        buffer_add_char(out, '\n');
    }
    buffer_fini(&said);
    return err ? err : buffer_err(out);
}

static enum err proof_text(struct buffer *out, struct bytes json)
{
    struct arena arena;
    uint8_t root[KEY_BYTES];
    char shown[BASE64_CHARS(KEY_BYTES) + 1];
    /* Its own root here; who verifies brings the one that he trusts. */
    size_t tail = BASE64_CHARS(KEY_BYTES) + 2;
    if (json.size < tail)
        return ERR_INVALID;
    enum err err = base64_decode(
        root, KEY_BYTES, bytes_of(json.at + json.size - tail, tail - 2));
    if (err)
        return err;
    base64_encode(shown, root, KEY_BYTES);
    buffer_add_text(out, "PROOF OF CUSTODY\n");
    arena_init(&arena, ARENA_BYTES);
    err = proof_check(&arena, json, root, print_receipt, out);
    arena_fini(&arena);
    if (err)
        return err;
    buffer_printf(out,
                  "\nThe agency's root key: %s\n"
                  "To verify, with that key from the agency itself:\n"
                  "  satchel proof verify FILE --root KEY\n"
                  "or by hand: man satchel, PROOFS.  The same for programs:"
                  "\n\n",
                  shown);
    buffer_add_bytes(out, json);
    buffer_add_char(out, '\n');
    return buffer_err(out);
}

static int proof_save(struct cli *cli, const char *path, struct bytes text)
{
    enum err err = file_write_new(path, text);
    if (err == ERR_EXISTS)
        return cli_fail(cli, EXIT_FAILED, err_name(err),
                        "%s exists; give another name", path);
    if (err)
        return cli_fail(cli, EXIT_FAILED, err_name(err), "%s: %s", path,
                        file_err_text(err));
    if (!cli->json)
        printf("the proof is in %s\n", path);
    return EXIT_DONE;
}

int command_proof_print(struct cli *cli)
{
    char *json = NULL;
    struct buffer text;
    int error = satchel_proof(cli->vault, &json);
    if (error)
        return cli_fail_vault(cli, error);
    buffer_init(&text, 4 * PROOF_BYTES_MAX);
    enum err err = ERR_OK;
    if (cli->json)
        err = buffer_printf(&text, "%s\n", json);
    else
        err = proof_text(&text, bytes_text(json));
    satchel_free(json);
    int code = EXIT_DONE;
    if (err)
        code = cli_fail(cli, EXIT_FAILED, err_name(err),
                        "the proof cannot be made: %s", err_text(err));
    else if (cli->operand_count)
        code = proof_save(cli, cli->operands[0], buffer_bytes(&text));
    else
        fputs(buffer_text(&text), stdout);
    buffer_fini(&text);
    return code;
}

/* --- as anybody verifies it ----------------------------------------------- */

struct verifying {
    struct cli *cli;
    size_t count;
};

static enum err print_verified(void *context, const struct proof_receipt *p,
                               const struct certificate *writer)
{
    struct verifying *v = context;
    const char *kind = p->backed ? "backed up" : "received";
    if (v->cli->json)
        printf("%s{\"agency\":\"%s\",\"kind\":\"%s\",\"n\":%" PRId64
               ",\"replica\":\"%s\",\"user\":\"%s\"}",
               v->count ? "," : "[", p->receipt.agency, kind, p->receipt.n,
               p->receipt.replica, writer->user);
    else
        printf("good: the office of %s %s lines 1 to %" PRId64
               " of %s, written by %s\n",
               p->receipt.agency, p->backed ? "has backed up" : "has received",
               p->receipt.n, p->receipt.replica, writer->user);
    v->count++;
    return ERR_OK;
}

/* The proof's line in a printed proof is the last that is an object. */
static struct bytes proof_line(struct bytes text)
{
    struct bytes found = {NULL, 0};
    while (text.size > 0) {
        const uint8_t *end = memchr(text.at, '\n', text.size);
        size_t size = end ? (size_t)(end - text.at) : text.size;
        if (text.at[0] == '{')
            found = bytes_of(text.at, size);
        size += end != NULL;
        text = bytes_of(text.at + size, text.size - size);
    }
    return found;
}

/* Twice: nothing is called good before all of it is. */
static enum err nothing(void *context, const struct proof_receipt *p,
                        const struct certificate *writer)
{
    (void)context;
    (void)p;
    (void)writer;
    return ERR_OK;
}

static int verify(struct cli *cli, const char *path,
                  const uint8_t root[KEY_BYTES], struct bytes line)
{
    struct verifying verifying = {.cli = cli};
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    enum err err = proof_check(&arena, line, root, nothing, NULL);
    if (!err)
        err = proof_check(&arena, line, root, print_verified, &verifying);
    arena_fini(&arena);
    if (!err && cli->json)
        puts("]");
    if (err == ERR_SIGNATURE)
        return cli_fail(cli, EXIT_FAILED, err_name(err),
                        "%s does not verify under this root key: it was "
                        "altered, or is another agency's",
                        path);
    return err ? cli_fail(cli, EXIT_FAILED, err_name(err),
                          "%s is no proof of custody", path)
               : EXIT_DONE;
}

int command_proof(struct cli *cli)
{
    const char *text = args_text(&cli->args, "--root");
    uint8_t root[KEY_BYTES];
    struct buffer file;
    if (cli->operand_count != 2 || strcmp(cli->operands[0], "verify") != 0)
        return cli_misuse(cli, "proof verify FILE --root KEY: give the file");
    if (!text || base64_decode(root, KEY_BYTES, bytes_text(text)))
        return cli_misuse(cli, "--root takes the agency's root key, 43 "
                               "characters, as the agency gives it");
    buffer_init(&file, 4 * PROOF_BYTES_MAX);
    enum err err = file_read(cli->operands[1], &file);
    int code = err ? cli_fail(cli, EXIT_FAILED, err_name(err), "%s: %s",
                              cli->operands[1], file_err_text(err))
                   : verify(cli, cli->operands[1], root,
                            proof_line(buffer_bytes(&file)));
    buffer_fini(&file);
    return code;
}
