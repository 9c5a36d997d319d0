#include "server/service.h"

#include "shared/wire/deflate.h"

/* Public facts, so that a device can see whom it is about to enrol with. */
enum http_step handle_office(struct http_request *request)
{
    const struct service *service = request->service;
    const struct office *office = service->office;
    struct buffer *b = &request->reply;
    buffer_add_text(b, "{\"agency\":");
    canon_put_text(b, bytes_text(office->agency));
    buffer_add_text(b, ",\"box\":\"");
    buffer_add_base64(b, office->keys.box_public, KEY_BYTES);
    buffer_printf(b,
                  "\",\"dictionaries\":[\"%s\"],\"lineage\":\"%s\","
                  "\"protocol\":{\"max\":%d,\"min\":%d},\"root\":\"",
                  dictionary_1_id(), office->lineage, PROTOCOL_MAX,
                  PROTOCOL_MIN);
    buffer_add_base64(b, office->keys.root.public_key, KEY_BYTES);
    buffer_add_text(b, "\"}");
    request->reply_type = "application/json";
    return HTTP_GO;
}
