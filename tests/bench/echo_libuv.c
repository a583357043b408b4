/*
 * echo_libuv.c - the same echo on libuv. Every read goes into one buffer; what
 * came is given to uv_try_write, which sends at once; only a rest is copied
 * and queued, and nothing is read until it has gone.
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct rest {
    uv_write_t write; /* first: it is what libuv hands back */
    char bytes[];
};

static char chunk[PEER_CHUNK];

static void
check(int rc, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(rc));
    exit(1);
}

static void
on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void
drop(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, on_closed);
}

static void
on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)handle;
    (void)size;
    *buf = uv_buf_init(chunk, sizeof chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void
on_written(uv_write_t *write, int status)
{
    uv_stream_t *stream = write->handle;
    free(write);
    if (status < 0)
        drop(stream);
    else
        check(uv_read_start(stream, on_alloc, on_read), "uv_read_start");
}

static void
keep(uv_stream_t *stream, const char *bytes, size_t len)
{
    struct rest *rest = malloc(sizeof *rest + len);
    if (rest == NULL)
        peer_die("malloc");
    memcpy(rest->bytes, bytes, len);
    uv_buf_t left = uv_buf_init(rest->bytes, (unsigned)len);
    uv_read_stop(stream);
    if (uv_write(&rest->write, stream, &left, 1, on_written) < 0) {
        free(rest);
        drop(stream);
    }
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    if (n == 0)
        return;
    if (n < 0) {
        drop(stream);
        return;
    }
    uv_buf_t out = uv_buf_init(buf->base, (unsigned)n);
    int sent = uv_try_write(stream, &out, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        drop(stream);
        return;
    }
    size_t gone = sent > 0 ? (size_t)sent : 0;
    if (gone < (size_t)n)
        keep(stream, buf->base + gone, (size_t)n - gone);
}

static void
on_client(uv_stream_t *listener, int status)
{
    if (status < 0)
        return;
    uv_tcp_t *client = malloc(sizeof *client);
    if (client == NULL)
        peer_die("malloc");
    check(uv_tcp_init(listener->loop, client), "uv_tcp_init");
    if (uv_accept(listener, (uv_stream_t *)client) == 0)
        check(uv_read_start((uv_stream_t *)client, on_alloc, on_read),
            "uv_read_start");
    else
        drop((uv_stream_t *)client);
}

int
main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    check(uv_tcp_init(loop, &listener), "uv_tcp_init");
    check(uv_tcp_open(&listener, peer_listen(argc, argv, 1)), "uv_tcp_open");
    check(uv_listen((uv_stream_t *)&listener, 4096, on_client), "uv_listen");
    return uv_run(loop, UV_RUN_DEFAULT);
}
