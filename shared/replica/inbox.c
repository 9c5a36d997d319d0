#include "shared/replica/inbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/inbox_inner.h"

#define TEXT_BYTES_MAX (PAGE_LINES_MAX * (size_t)LINE_BYTES_MAX)
#define ENTRIES_MAX 65536 /* joins and leaves have no limit of their own */

enum err inbox_open(struct inbox **out, struct vault *vault)
{
    *out = NULL;
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (!inbox)
        return ERR_NOMEM;
    inbox->vault = vault;
    buffer_init(&inbox->text, TEXT_BYTES_MAX);
    enum err err = sums_new(&inbox->sums);
    if (!err)
        err = map_new(&inbox->homes);
    if (!err)
        err = map_new(&inbox->members);
    if (!err)
        err = reconcile_new(&inbox->reconcile);
    if (err) {
        inbox_close(inbox);
        return err;
    }
    *out = inbox;
    return ERR_OK;
}

void inbox_close(struct inbox *inbox)
{
    if (!inbox)
        return;
    buffer_wipe(&inbox->text);
    free(inbox->entries);
    sums_free(inbox->sums);
    map_free(inbox->homes);
    map_free(inbox->members);
    reconcile_free(inbox->reconcile);
    vault_shrink(inbox->vault);
    free(inbox);
}

static enum err entry_add(struct inbox *inbox, struct inbox_entry **out)
{
    if (inbox->count == ENTRIES_MAX)
        return vault_fail(inbox->vault, ERR_PROTOCOL,
                          "the office sent a page without an end");
    if (inbox->count == inbox->room) {
        size_t room = inbox->room ? inbox->room * 2 : PAGE_LINES_MAX;
        struct inbox_entry *grown =
            realloc(inbox->entries, room * sizeof *inbox->entries);
        if (!grown)
            return ERR_NOMEM;
        inbox->entries = grown;
        inbox->room = room;
    }
    *out = &inbox->entries[inbox->count];
    memset(*out, 0, sizeof **out);
    return ERR_OK;
}

enum err inbox_line(struct inbox *inbox, struct bytes line)
{
    struct inbox_entry *entry = NULL;
    if (inbox->lines == PAGE_LINES_MAX || line.size > LINE_BYTES_MAX)
        return vault_fail(inbox->vault, ERR_PROTOCOL,
                          "the office sent more than a page may hold");
    enum err err = entry_add(inbox, &entry);
    if (err)
        return err;
    assert(entry);
    entry->kind = INBOX_LINE;
    entry->at = inbox->text.size;
    entry->size = line.size;
    err = buffer_add_bytes(&inbox->text, line);
    if (err)
        return err;
    inbox->count++;
    inbox->lines++;
    return ERR_OK;
}

enum err inbox_join(struct inbox *inbox, const char *kase)
{
    struct inbox_entry *entry = NULL;
    if (!id_valid(bytes_text(kase)))
        return vault_fail(inbox->vault, ERR_PROTOCOL, "a join without a case");
    enum err err = entry_add(inbox, &entry);
    if (err)
        return err;
    assert(entry);
    entry->kind = INBOX_JOIN;
    memcpy(entry->kase, kase, sizeof entry->kase);
    inbox->count++;
    return ERR_OK;
}

/* Nothing is erased without the office's signed word to this replica. */
static enum err leave_check(struct vault *vault, const struct leave_line *leave)
{
    struct identity_row row;
    struct buffer message;
    uint8_t key[KEY_BYTES];
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (err)
        return err;
    if (strcmp(leave->replica, row.public.replica) ||
        strcmp(leave->lineage, row.public.lineage))
        return ERR_SIGNATURE;
    err = identity_term_key(vault, leave->term, key);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_SIGNATURE : err;
    buffer_init(&message, SIGN_BYTES_MAX);
    err = leave_message(&message, leave);
    if (!err)
        err = chain_verify(leave->signature, key, DOMAIN_LEAVE,
                           buffer_bytes(&message));
    buffer_fini(&message);
    return err;
}

enum err inbox_leave(struct inbox *inbox, const struct leave_line *leave)
{
    struct inbox_entry *entry = NULL;
    enum err err = leave_check(inbox->vault, leave);
    if (err == ERR_SIGNATURE)
        return vault_fail(inbox->vault, err,
                          "a leave that the office did not sign for us");
    if (!err)
        err = entry_add(inbox, &entry);
    if (err)
        return err;
    assert(entry);
    entry->kind = INBOX_LEAVE;
    memcpy(entry->kase, leave->kase, sizeof entry->kase);
    memcpy(entry->scope, leave->scope, sizeof entry->scope);
    inbox->count++;
    return ERR_OK;
}

enum err inbox_page(struct inbox *inbox, const struct cursor_line *cursor)
{
    struct inbox_close close = {.scope = cursor->cursor.scope,
                                .has_mac = cursor->has_mac,
                                .mac = cursor->mac,
                                .cursor = cursor};
    return inbox_apply(inbox, &close);
}

enum err inbox_settled(struct inbox *inbox, const struct cursor_line *cursor)
{
    struct inbox_close close = {.scope = cursor->cursor.scope,
                                .has_mac = cursor->has_mac,
                                .mac = cursor->mac,
                                .cursor = cursor,
                                .settles = true};
    return inbox_apply(inbox, &close);
}

enum err inbox_given(struct inbox *inbox, const struct given_line *given)
{
    struct inbox_close close = {
        .scope = "", .has_mac = true, .mac = given->mac};
    reconcile_given(inbox->reconcile, inbox->lines);
    return inbox_apply(inbox, &close);
}

void inbox_discard(struct inbox *inbox)
{
    buffer_clear(&inbox->text);
    inbox->count = inbox->lines = 0;
    map_clear(inbox->homes);
    map_clear(inbox->members);
    sums_clear(inbox->sums);
}

size_t inbox_lines_applied(const struct inbox *inbox)
{
    return inbox->applied;
}
