/* Bodies of the enrolment, and the error object. */
#include "shared/wire/message.h"

#include <string.h>
#include "shared/wire/deflate.h"
#include "shared/wire/part.h"

/* --- request --- */

enum err enrol_proof_message(struct buffer *out,
                             const struct enrol_request *request)
{
    buffer_add_char(out, '{');
    if (request->code[0])
        part_put_text(out, "code", request->code);
    part_put_base64(out, "key", request->key, KEY_BYTES);
    if (!request->code[0])
        part_put_text(out, "replica", request->replica);
    part_put_base64(out, "transport", request->transport, KEY_BYTES);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

enum err enrol_request_write(struct buffer *out,
                             const struct enrol_request *message)
{
    bool successor = !message->code[0];
    buffer_add_char(out, '{');
    if (successor) {
        part_put_bytes(out, "certificate", message->certificate);
        part_put_base64(out, "certificate_sig", message->certificate_sig,
                        SIGNATURE_BYTES);
    } else {
        part_put_text(out, "code", message->code);
    }
    part_put_base64(out, "key", message->key, KEY_BYTES);
    part_put_base64(out, "proof", message->proof, SIGNATURE_BYTES);
    part_put_int(out, "protocol", message->protocol);
    if (successor) {
        part_put_text(out, "reason", message->reason);
        part_put_text(out, "replica", message->replica);
        part_put_base64(out, "successor_sig", message->successor_sig,
                        SIGNATURE_BYTES);
    } else if (message->has_root) {
        part_put_base64(out, "root", message->root, KEY_BYTES);
    }
    part_put_base64(out, "transport", message->transport, KEY_BYTES);
    if (!successor && message->user[0])
        part_put_text(out, "user", message->user);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

static bool reason_valid(struct bytes text)
{
    return bytes_is(text, "fork") || bytes_is(text, "stale") ||
           bytes_is(text, "lineage") || bytes_is(text, "unknown");
}

static void read_predecessor(struct part_reader *r, const struct canon *root,
                             struct enrol_request *out)
{
    const struct canon *certificate =
        part_member(r, root, "certificate", CANON_TEXT, PART_REQUIRED);
    if (certificate)
        out->certificate = certificate->text;
    (void)part_base64(r, root, "certificate_sig", PART_REQUIRED,
                      out->certificate_sig, SIGNATURE_BYTES);
    part_text(r, root, "reason", PART_REQUIRED, out->reason, sizeof out->reason,
              reason_valid);
    part_text(r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    (void)part_base64(r, root, "successor_sig", PART_REQUIRED,
                      out->successor_sig, SIGNATURE_BYTES);
}

static void read_expected(struct part_reader *r, const struct canon *root,
                          struct enrol_request *out)
{
    out->has_root =
        part_base64(r, root, "root", PART_OPTIONAL, out->root, KEY_BYTES);
    part_text(r, root, "user", PART_OPTIONAL, out->user, sizeof out->user,
              name_valid);
}

enum err enrol_request_read(struct arena *arena, struct bytes line,
                            struct enrol_request *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open_loose(&r, arena, line);
    out->protocol = part_int(&r, root, "protocol", 0, 1);
    if (!r.err &&
        (out->protocol < PROTOCOL_MIN || out->protocol > PROTOCOL_MAX))
        return ERR_UNSUPPORTED;
    (void)part_base64(&r, root, "key", PART_REQUIRED, out->key, KEY_BYTES);
    (void)part_base64(&r, root, "transport", PART_REQUIRED, out->transport,
                      KEY_BYTES);
    (void)part_base64(&r, root, "proof", PART_REQUIRED, out->proof,
                      SIGNATURE_BYTES);
    part_text(&r, root, "code", PART_OPTIONAL, out->code, sizeof out->code,
              text_valid);
    if (out->code[0])
        read_expected(&r, root, out);
    else
        read_predecessor(&r, root, out);
    return part_err(&r);
}

/* --- reply --- */

enum err enrol_reply_write(struct buffer *out,
                           const struct enrol_reply *message)
{
    buffer_add_char(out, '{');
    part_put_text(out, "agency", message->agency);
    part_put_base64(out, "box", message->box, KEY_BYTES);
    part_put_bytes(out, "certificate", message->certificate);
    part_put_base64(out, "certificate_sig", message->certificate_sig,
                    SIGNATURE_BYTES);
    part_name(out, "dictionaries");
    buffer_add_char(out, '[');
    if (message->dictionary[0])
        canon_put_text(out, bytes_text(message->dictionary));
    buffer_add_char(out, ']');
    part_put_text(out, "lineage", message->lineage);
    part_put_int(out, "protocol", message->protocol);
    if (message->has_received) {
        part_name(out, "received");
        buffer_add_char(out, '{');
        part_put_base64(out, "link", message->received_link, LINK_BYTES);
        part_put_int(out, "n", message->received_n);
        buffer_add_char(out, '}');
    }
    part_put_text(out, "replica", message->replica);
    part_put_base64(out, "root", message->root, KEY_BYTES);
    part_put_bytes(out, "term", message->term);
    part_put_base64(out, "term_sig", message->term_sig, SIGNATURE_BYTES);
    buffer_add_char(out, '}');
    return buffer_err(out);
}

/* Of the dictionaries that the office speaks, ours. */
static void read_dictionaries(struct part_reader *r, const struct canon *root,
                              struct enrol_reply *out)
{
    const struct canon *array =
        part_member(r, root, "dictionaries", CANON_ARRAY, PART_OPTIONAL);
    const struct canon *item = array ? array->first : NULL;
    for (; item; item = item->next)
        if (item->kind == CANON_TEXT && bytes_is(item->text, dictionary_1_id()))
            part_copy(r, item, out->dictionary, sizeof out->dictionary,
                      text_valid);
}

static void read_received(struct part_reader *r, const struct canon *root,
                          struct enrol_reply *out)
{
    const struct canon *object =
        part_member(r, root, "received", CANON_OBJECT, PART_OPTIONAL);
    if (!object)
        return;
    out->has_received = true;
    out->received_n = part_int(r, object, "n", -1, 0);
    (void)part_base64(r, object, "link",
                      out->received_n > 0 ? PART_REQUIRED : PART_OPTIONAL,
                      out->received_link, LINK_BYTES);
}

enum err enrol_reply_read(struct arena *arena, struct bytes line,
                          struct enrol_reply *out)
{
    memset(out, 0, sizeof *out);
    struct part_reader r;
    const struct canon *root = part_open_loose(&r, arena, line);
    part_text(&r, root, "agency", PART_REQUIRED, out->agency,
              sizeof out->agency, name_valid);
    (void)part_base64(&r, root, "box", PART_REQUIRED, out->box, KEY_BYTES);
    const struct canon *text =
        part_member(&r, root, "certificate", CANON_TEXT, PART_REQUIRED);
    if (text)
        out->certificate = text->text;
    (void)part_base64(&r, root, "certificate_sig", PART_REQUIRED,
                      out->certificate_sig, SIGNATURE_BYTES);
    read_dictionaries(&r, root, out);
    part_text(&r, root, "lineage", PART_REQUIRED, out->lineage,
              sizeof out->lineage, lineage_valid);
    out->protocol = part_int(&r, root, "protocol", 0, 1);
    read_received(&r, root, out);
    part_text(&r, root, "replica", PART_REQUIRED, out->replica,
              sizeof out->replica, replica_valid);
    (void)part_base64(&r, root, "root", PART_REQUIRED, out->root, KEY_BYTES);
    text = part_member(&r, root, "term", CANON_TEXT, PART_REQUIRED);
    if (text)
        out->term = text->text;
    (void)part_base64(&r, root, "term_sig", PART_REQUIRED, out->term_sig,
                      SIGNATURE_BYTES);
    return part_err(&r);
}
