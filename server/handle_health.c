#include "server/service.h"

static enum err nothing(void *context, const struct sql_value *row,
                        size_t columns)
{
    (void)context;
    (void)row;
    (void)columns;
    return ERR_OK;
}

/* For monitors and load balancers: the process answers and can read. */
enum http_step handle_health(struct http_request *request)
{
    struct sql *sql;
    enum err err = service_reader(request->service, &sql);
    if (!err)
        err = sql->run(sql->context, "SELECT 1", NULL, 0, nothing, NULL);
    if (err) {
        service_failed(request, err);
        return HTTP_GO;
    }
    buffer_add_text(&request->reply, "{\"status\":\"ok\"}");
    request->reply_type = "application/json";
    return HTTP_GO;
}
