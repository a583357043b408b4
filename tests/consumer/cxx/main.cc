/*
 * main.cc - the same from C++: every header compiles, and objects of C++ are
 * what the callbacks are given.
 */
#include <leat/leat.h>

#include <iostream>

namespace
{

class server
{
  public:
    server()
    {
        error = leat_loop_create(&loop, nullptr);
        if (error == 0) {
            leat_listener_config config = leat_listener_config();
            config.conn.ops = &ops;
            config.user = this;
            error = leat_listener_open(&listener, loop, "127.0.0.1:0", &config);
        }
    }
    server(const server &) = delete;
    server &operator=(const server &) = delete;

    ~server()
    {
        leat_loop_destroy(loop);
    }

    int run_for(int64_t delay_us)
    {
        if (error != 0) {
            return error;
        }
        leat_timer_init(&timer, loop, on_timer, this);
        leat_timer_start(&timer, delay_us, 0);
        return leat_loop_run(loop);
    }

  private:
    static void on_timer(leat_timer *, void *user)
    {
        leat_loop_stop(static_cast<server *>(user)->loop);
    }

    static void on_data(leat_conn *conn, const void *bytes, size_t len, void *)
    {
        if (leat_conn_send(conn, bytes, len) < 0) {
            leat_conn_close(conn);
        }
    }

    static leat_conn_ops make_ops()
    {
        leat_conn_ops made = leat_conn_ops();
        made.on_data = on_data;
        return made;
    }

    leat_conn_ops ops = make_ops();
    leat_loop *loop = nullptr;
    leat_listener *listener = nullptr;
    leat_timer timer;
    int error;
};

} // namespace

int
main()
{
    int error = server().run_for(1000);
    std::cout << "c++ " << leat_version() << " " << leat_error_name(error)
              << std::endl;
    return error == 0 ? 0 : 1;
}
