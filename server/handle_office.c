#include "server/service.h"

#include "server/store_agency.h"
#include "shared/wire/deflate.h"

/* Public facts, so that a device can see whom it is about to enrol with. */
enum http_step handle_office(struct http_request *request)
{
    struct service *service = request->service;
    const struct office *office = service->office;
    char lineage[LINEAGE_CHARS + 1];
    struct sql *sql;
    /* Not office->lineage: that changes when a rollback is found. */
    enum err err = service_reader(service, &sql);
    if (!err)
        err = store_lineage(sql, office->agency, lineage);
    if (err) {
        service_failed(request, err);
        return HTTP_GO;
    }
    struct buffer *b = &request->reply;
    buffer_add_text(b, "{\"agency\":");
    canon_put_text(b, bytes_text(office->agency));
    buffer_add_text(b, ",\"box\":\"");
    buffer_add_base64(b, office->keys.box_public, KEY_BYTES);
    buffer_printf(b,
                  "\",\"dictionaries\":[\"%s\"],\"lineage\":\"%s\","
                  "\"protocol\":{\"max\":%d,\"min\":%d},\"root\":\"",
                  dictionary_1_id(), lineage, PROTOCOL_MAX, PROTOCOL_MIN);
    buffer_add_base64(b, office->keys.root.public_key, KEY_BYTES);
    buffer_add_text(b, "\"}");
    request->reply_type = "application/json";
    return HTTP_GO;
}
