#include "tests/unit/wire/recode.h"

#include "shared/wire/message.h"

#define RECODER(name, type)                                                    \
    static enum err recode_##name(struct arena *arena, struct bytes line,      \
                                  struct buffer *out)                          \
    {                                                                          \
        struct type message;                                                   \
        enum err err = type##_read(arena, line, &message);                     \
        return err ? err : type##_write(out, &message);                        \
    }
RECODER(sign, sign_line)
RECODER(key, key_line)
RECODER(sealed, sealed_line)
RECODER(log, log_line)
RECODER(erased, erased_line)
RECODER(cases, cases_line)
RECODER(page, page_line)
RECODER(need, need_line)
RECODER(join, join_line)
RECODER(leave, leave_line)
RECODER(cursor, cursor_line)
RECODER(diff, diff_line)
RECODER(given, given_line)
RECODER(reply, reply_header)
RECODER(certificate, certificate)
RECODER(term, term_certificate)
RECODER(enrol, enrol_request)
RECODER(enrolled, enrol_reply)
RECODER(error, error_body)

static enum err recode_request(struct arena *arena, struct bytes line,
                               struct buffer *out)
{
    struct request_header message;
    struct canon_fault fault;
    enum err err = request_header_read(arena, line, &message, &fault);
    return err ? err : request_header_write(out, &message);
}

static enum err recode_auth(struct arena *arena, struct bytes line,
                            struct buffer *out)
{
    uint8_t sig[SIGNATURE_BYTES];
    enum err err = auth_line_read(arena, line, sig);
    return err ? err : auth_line_write(out, sig);
}

enum err recode(struct arena *arena, struct bytes kind, struct bytes line,
                struct buffer *out)
{
    static const struct {
        const char *name;
        enum err (*run)(struct arena *, struct bytes, struct buffer *);
    } recoders[] = {
        {"request", recode_request},
        {"reply", recode_reply},
        {"certificate", recode_certificate},
        {"term", recode_term},
        {"enrol", recode_enrol},
        {"enrolled", recode_enrolled},
        {"error", recode_error},
        {"auth", recode_auth},
        {"sign", recode_sign},
        {"key", recode_key},
        {"sealed", recode_sealed},
        {"log", recode_log},
        {"erased", recode_erased},
        {"cases", recode_cases},
        {"page", recode_page},
        {"need", recode_need},
        {"join", recode_join},
        {"leave", recode_leave},
        {"cursor", recode_cursor},
        {"diff", recode_diff},
        {"given", recode_given},
    };
    for (size_t i = 0; i < sizeof recoders / sizeof *recoders; i++)
        if (bytes_is(kind, recoders[i].name))
            return recoders[i].run(arena, line, out);
    return ERR_NOT_FOUND;
}
