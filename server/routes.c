#include "server/service.h"

#include "shared/wire/message.h"

#define SYNC_BODY_BYTES_MAX (8u << 20)
#define ENROL_BODY_BYTES_MAX (16u << 10)

const struct http_route service_routes[] = {
    {.path = "/v1/sync",
     .methods = "POST",
     .body_type = "application/x-satchel",
     .body_bytes_max = SYNC_BODY_BYTES_MAX,
     .begin = handle_sync_begin,
     .chunk = handle_sync_chunk,
     .end = handle_sync_end,
     .close = handle_sync_close},
    {.path = "/v1/enrol",
     .methods = "POST",
     .body_type = "application/json",
     .body_bytes_max = ENROL_BODY_BYTES_MAX,
     .begin = handle_enrol_begin,
     .chunk = handle_enrol_chunk,
     .end = handle_enrol_end,
     .close = handle_enrol_close},
    {.path = "/v1/enroll",
     .methods = "POST",
     .body_type = "application/json",
     .body_bytes_max = ENROL_BODY_BYTES_MAX,
     .begin = handle_enrol_begin,
     .chunk = handle_enrol_chunk,
     .end = handle_enrol_end,
     .close = handle_enrol_close},
    {.path = "/v1/blobs/",
     .methods = "GET, HEAD, PUT",
     .body_type = "application/octet-stream",
     .body_bytes_max = BLOB_PIECE_BYTES_MAX,
     .begin = handle_blob_begin,
     .chunk = handle_blob_chunk,
     .end = handle_blob_end,
     .close = handle_blob_close},
    {.path = "/v1/office", .methods = "GET, HEAD", .end = handle_office},
    {.path = "/healthz", .methods = "GET, HEAD", .end = handle_health},
};
const size_t service_route_count =
    sizeof service_routes / sizeof service_routes[0];
