#include "server/service.h"

#include <stdlib.h>

static void reader_close(void *context)
{
    struct sql *sql = context;
    sql->close(sql->context);
    free(sql);
}

enum err service_open(struct service *out, struct office *office)
{
    *out = (struct service){.office = office};
    enum err err =
        admit_open(&out->admit, SERVICE_RECEIVE_BYTES, SERVICE_RESERVE_BYTES);
    if (!err)
        err = tries_open(&out->tries, office->clock);
    if (!err)
        err = bell_open(&out->bell, office);
    if (!err)
        err = committer_open(&out->committer, office, out->bell);
    if (!err) {
        out->has_reader = pthread_key_create(&out->reader, reader_close) == 0;
        err = out->has_reader ? ERR_OK : ERR_NOMEM;
    }
    if (err)
        service_close(out);
    return err;
}

void service_drain(struct service *service)
{
    admit_stop(service->admit);
    bell_stop(service->bell);
}

void service_close(struct service *service)
{
    committer_close(service->committer);
    bell_close(service->bell);
    tries_close(service->tries);
    admit_close(service->admit);
    if (service->has_reader)
        pthread_key_delete(service->reader);
    *service = (struct service){0};
}

enum err service_reader(struct service *service, struct sql **out)
{
    *out = pthread_getspecific(service->reader);
    if (*out)
        return ERR_OK;
    struct sql *sql = calloc(1, sizeof *sql);
    if (!sql)
        return ERR_NOMEM;
    enum err err = office_connect(service->office, sql);
    if (err) {
        free(sql);
        return err;
    }
    if (pthread_setspecific(service->reader, sql) != 0) {
        reader_close(sql);
        return ERR_NOMEM;
    }
    *out = sql;
    return ERR_OK;
}

void service_failed(struct http_request *request, enum err err)
{
    if (err == ERR_BUSY || err == ERR_FULL || err == ERR_NOMEM ||
        err == ERR_AGAIN)
        http_error(request, 503, "busy",
                   err == ERR_FULL ? "the office's disk is full"
                                   : "the office is busy; try again",
                   err == ERR_FULL ? 60 : 5);
    else
        http_error(request, 500, "internal",
                   "the office's storage failed; its log says more", -1);
}
