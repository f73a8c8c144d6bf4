/*
 * client.h — a small blocking client for tests.
 *
 * It hands out the exact bytes of each reply.  Every wait is bounded and ends in an exception, so
 * a server that hangs fails a test and does not hang it.  While it sends, it also receives: a
 * pipeline of any size cannot lock up with a server that stops reading until it is read.
 *
 * Threads  one owner at a time
 */
#ifndef LK_TEST_CLIENT_H
#define LK_TEST_CLIENT_H

#include "tests/support/process.h"
#include "tests/support/resp.h"

#include <string>
#include <string_view>
#include <vector>

namespace lk
{

class Client
{
  public:
    static Client tcp(int port);
    static Client unix_path(const std::string &path);
    Client(Client &&other) noexcept;
    Client &operator=(Client &&other) noexcept;
    ~Client();

    int fd() const
    {
        return fd_;
    }
    void close();
    void shut_write(); /* no more from us; the server may still answer */

    void send(std::string_view raw);
    void send(const Args &args)
    {
        send(encode(args));
    }
    std::string read_raw(); /* the next reply's bytes */
    Reply read()
    {
        return parse_reply(read_raw());
    }
    std::string read_to_end(); /* all bytes until the server closes */

    std::string call_raw(const Args &args);
    Reply call(const Args &args)
    {
        return parse_reply(call_raw(args));
    }
    /* Sends all of them at once and reads as many replies. */
    std::vector<Reply> pipeline(const std::vector<Args> &commands);

    bool ping(); /* is it served?  False instead of an exception. */

  private:
    explicit Client(int fd);
    bool receive(); /* waits for bytes; false at the end of the stream */

    int fd_ = -1;
    std::string in_;
    size_t used_ = 0; /* bytes of in_ that were handed out */
};

} // namespace lk

#endif
