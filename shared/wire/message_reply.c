#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/part.h"

static const char *const state_names[] = {
    [REPLY_OK] = "",
    [REPLY_LOCKED] = "locked",
    [REPLY_STALE] = "stale",
    [REPLY_REVOKED] = "revoked",
    [REPLY_RECONCILE] = "reconcile",
};

/* --- writing --- */

static void put_held(struct buffer *out, const struct reply_header *header)
{
    if (!header->held_count)
        return;
    part_name(out, "held");
    for (size_t i = 0; i < header->held_count; i++) {
        buffer_add_text(out, i ? ",[" : "[[");
        buffer_add_int(out, header->held[i].n);
        buffer_add_char(out, ',');
        canon_put_text(out, bytes_text(header->held[i].reason));
        buffer_add_char(out, ']');
    }
    buffer_add_char(out, ']');
}

static void put_receipt_object(struct buffer *out,
                               const struct receipt *receipt, bool named)
{
    buffer_add_char(out, '{');
    part_put_base64(out, "link", receipt->link, LINK_BYTES);
    part_put_int(out, "n", receipt->n);
    if (named)
        part_put_text(out, "replica", receipt->replica);
    part_put_base64(out, "sig", receipt->signature, SIGNATURE_BYTES);
    part_put_text(out, "term", receipt->term);
    buffer_add_char(out, '}');
}

static void put_receipt(struct buffer *out, const char *name,
                        const struct receipt *receipt)
{
    part_name(out, name);
    put_receipt_object(out, receipt, false);
}

static void put_older(struct buffer *out, const struct reply_header *header)
{
    if (!header->older_count)
        return;
    part_name(out, "older");
    for (size_t i = 0; i < header->older_count; i++) {
        buffer_add_char(out, i ? ',' : '[');
        put_receipt_object(out, &header->older[i], true);
    }
    buffer_add_char(out, ']');
}

static void put_scopes(struct buffer *out, const struct reply_header *header)
{
    if (!header->scope_count)
        return;
    part_name(out, "scopes");
    for (size_t i = 0; i < header->scope_count; i++) {
        buffer_add_char(out, i ? ',' : '[');
        canon_put_text(out, bytes_text(header->scopes[i]));
    }
    buffer_add_char(out, ']');
}

static void put_statement(struct buffer *out, const struct reply_header *header)
{
    if (!header->has_statement)
        return;
    part_name(out, "statement");
    buffer_add_char(out, '{');
    part_put_int(out, "at", header->statement_at);
    part_put_base64(out, "sig", header->statement_signature, SIGNATURE_BYTES);
    part_put_text(out, "term", header->statement_term);
    buffer_add_char(out, '}');
}

static void put_term(struct buffer *out, const struct reply_header *header)
{
    if (!header->term_text.size)
        return;
    part_name(out, "term");
    buffer_add_char(out, '{');
    part_put_base64(out, "sig", header->term_signature, SIGNATURE_BYTES);
    part_put_bytes(out, "text", header->term_text);
    buffer_add_char(out, '}');
}

static void put_wants(struct buffer *out, const struct reply_header *header)
{
    if (!header->wants_from)
        return;
    part_name(out, "wants");
    buffer_add_text(out, "[[");
    buffer_add_int(out, header->wants_from);
    buffer_add_char(out, ',');
    buffer_add_int(out, header->wants_to);
    buffer_add_text(out, "]]");
}

enum err reply_header_write(struct buffer *out,
                            const struct reply_header *header)
{
    buffer_add_char(out, '{');
    part_put_int(out, "at", header->at);
    if (header->has_backed)
        put_receipt(out, "backed", &header->backed);
    part_put_int(out, "head", header->head);
    put_held(out, header);
    if (header->lineage[0])
        part_put_text(out, "lineage", header->lineage);
    part_put_true(out, "more", header->more);
    put_older(out, header);
    if (header->has_receipt)
        put_receipt(out, "receipt", &header->receipt);
    put_scopes(out, header);
    if (header->state != REPLY_OK)
        part_put_text(out, "state", state_names[header->state]);
    put_statement(out, header);
    put_term(out, header);
    if (header->token[0])
        part_put_text(out, "token", header->token);
    put_wants(out, header);
    if (header->wrote)
        part_put_int(out, "wrote", header->wrote);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

/* --- reading --- */

static void read_held(struct part_reader *r, const struct canon *root,
                      struct reply_header *out)
{
    const struct canon *array =
        part_member(r, root, "held", CANON_ARRAY, PART_OPTIONAL);
    struct held_note *held =
        part_array(r, array, REQUEST_LINES_MAX, sizeof *held);
    if (!held)
        return;
    out->held = held;
    for (const struct canon *item = array->first; item; item = item->next) {
        struct held_note *note = &held[out->held_count++];
        if (item->kind != CANON_ARRAY || item->count != 2 ||
            item->first->kind != CANON_INT || item->first->integer < 1) {
            part_fail(r, item, "is no held line");
            return;
        }
        note->n = item->first->integer;
        part_copy(r, item->first->next, note->reason, sizeof note->reason,
                  name_valid);
    }
}

static void read_scopes(struct part_reader *r, const struct canon *root,
                        struct reply_header *out)
{
    const struct canon *array =
        part_member(r, root, "scopes", CANON_ARRAY, PART_OPTIONAL);
    char(*scopes)[SCOPE_CHARS_MAX + 1] =
        part_array(r, array, SCOPES_MAX, sizeof *scopes);
    if (!scopes)
        return;
    for (const struct canon *item = array->first; item; item = item->next)
        part_copy(r, item, scopes[out->scope_count++], sizeof *scopes,
                  scope_valid);
    out->scopes = (const char(*)[SCOPE_CHARS_MAX + 1]) scopes;
}

static void read_receipt_object(struct part_reader *r,
                                const struct canon *object, const char *lineage,
                                struct receipt *receipt)
{
    receipt->n = part_int(r, object, "n", 0, 1);
    (void)part_base64(r, object, "link", PART_REQUIRED, receipt->link,
                      LINK_BYTES);
    (void)part_base64(r, object, "sig", PART_REQUIRED, receipt->signature,
                      SIGNATURE_BYTES);
    part_text(r, object, "term", PART_REQUIRED, receipt->term,
              sizeof receipt->term, replica_valid);
    memcpy(receipt->lineage, lineage, sizeof receipt->lineage);
}

static bool read_receipt(struct part_reader *r, const struct canon *root,
                         const char *name, const char *lineage,
                         struct receipt *receipt)
{
    const struct canon *object =
        part_member(r, root, name, CANON_OBJECT, PART_OPTIONAL);
    if (object)
        read_receipt_object(r, object, lineage, receipt);
    return object != NULL;
}

static void read_older(struct part_reader *r, const struct canon *root,
                       struct reply_header *out)
{
    const struct canon *array =
        part_member(r, root, "older", CANON_ARRAY, PART_OPTIONAL);
    struct receipt *receipts =
        part_array(r, array, LOG_MARKS_MAX, sizeof *receipts);
    if (!receipts)
        return;
    out->older = receipts;
    for (const struct canon *item = array->first; item; item = item->next) {
        struct receipt *receipt = &receipts[out->older_count++];
        if (item->kind != CANON_OBJECT) {
            part_fail(r, item, "is no receipt");
            return;
        }
        read_receipt_object(r, item, out->lineage, receipt);
        part_text(r, item, "replica", PART_REQUIRED, receipt->replica,
                  sizeof receipt->replica, replica_valid);
    }
}

static void read_state(struct part_reader *r, const struct canon *root,
                       struct reply_header *out)
{
    const struct canon *state =
        part_member(r, root, "state", CANON_TEXT, PART_OPTIONAL);
    if (!state)
        return;
    for (int i = REPLY_LOCKED; i <= REPLY_RECONCILE; i++)
        if (bytes_is(state->text, state_names[i]))
            out->state = (enum reply_state)i;
    if (out->state == REPLY_OK)
        part_fail(r, state, "is no state");
}

static void read_statement(struct part_reader *r, const struct canon *root,
                           struct reply_header *out)
{
    const struct canon *object =
        part_member(r, root, "statement", CANON_OBJECT, PART_OPTIONAL);
    if (!object)
        return;
    out->has_statement = true;
    out->statement_at = part_int(r, object, "at", -1, 0);
    (void)part_base64(r, object, "sig", PART_REQUIRED, out->statement_signature,
                      SIGNATURE_BYTES);
    part_text(r, object, "term", PART_REQUIRED, out->statement_term,
              sizeof out->statement_term, replica_valid);
}

static void read_term(struct part_reader *r, const struct canon *root,
                      struct reply_header *out)
{
    const struct canon *object =
        part_member(r, root, "term", CANON_OBJECT, PART_OPTIONAL);
    if (!object)
        return;
    (void)part_base64(r, object, "sig", PART_REQUIRED, out->term_signature,
                      SIGNATURE_BYTES);
    const struct canon *text =
        part_member(r, object, "text", CANON_TEXT, PART_REQUIRED);
    if (text)
        out->term_text = text->text;
}

/* Several ranges are taken as one that spans them. */
static void read_wants(struct part_reader *r, const struct canon *root,
                       struct reply_header *out)
{
    const struct canon *array =
        part_member(r, root, "wants", CANON_ARRAY, PART_OPTIONAL);
    const struct canon *item = array ? array->first : NULL;
    for (; item; item = item->next) {
        bool pair = item->kind == CANON_ARRAY && item->count == 2 &&
                    item->first->kind == CANON_INT &&
                    item->first->next->kind == CANON_INT &&
                    item->first->integer >= 1 &&
                    item->first->integer <= item->first->next->integer;
        if (!pair) {
            part_fail(r, item, "is no range");
            return;
        }
        int64_t from = item->first->integer;
        int64_t to = item->first->next->integer;
        if (!out->wants_from || from < out->wants_from)
            out->wants_from = from;
        if (to > out->wants_to)
            out->wants_to = to;
    }
}

enum err reply_header_read(struct arena *arena, struct bytes line,
                           struct reply_header *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open(&r, arena, line);
    out->at = part_int(&r, root, "at", -1, 0);
    out->head = part_int(&r, root, "head", 0, 0);
    read_held(&r, root, out);
    part_text(&r, root, "lineage", PART_OPTIONAL, out->lineage,
              sizeof out->lineage, lineage_valid);
    out->more = part_true(&r, root, "more");
    out->has_backed =
        read_receipt(&r, root, "backed", out->lineage, &out->backed);
    out->has_receipt =
        read_receipt(&r, root, "receipt", out->lineage, &out->receipt);
    read_older(&r, root, out);
    read_scopes(&r, root, out);
    read_state(&r, root, out);
    read_statement(&r, root, out);
    read_term(&r, root, out);
    part_text(&r, root, "token", PART_OPTIONAL, out->token, sizeof out->token,
              token_valid);
    read_wants(&r, root, out);
    out->wrote = part_int(&r, root, "wrote", 0, 0);
    return part_err(&r);
}
