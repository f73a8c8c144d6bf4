#include "tests/support/tls_client.h"

#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace lk
{

TlsClient::TlsClient(const Certificates &all, const char *who, int port, SSL_SESSION *again)
    : socket_(Client::tcp(port)), context_(SSL_CTX_new(TLS_client_method()))
{
    const timeval patience = {std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(),
                              0};
    std::signal(SIGPIPE, SIG_IGN); /* the library writes to a socket that may be closed */
    fcntl(socket_.fd(), F_SETFL, fcntl(socket_.fd(), F_GETFL) & ~O_NONBLOCK);
    setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (who) {
        SSL_CTX_use_certificate_chain_file(context_, all.crt(who).c_str());
        SSL_CTX_use_PrivateKey_file(context_, all.key(who).c_str(), SSL_FILETYPE_PEM);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.fd());
    if (again)
        SSL_set_session(ssl_, again);
    up_ = SSL_connect(ssl_) == 1;
}

TlsClient::~TlsClient()
{
    if (up_)
        SSL_shutdown(ssl_);
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

std::string TlsClient::call(const std::string &line)
{
    const std::string all = line + "\r\n";
    char reply[512];
    if (!up_ || SSL_write(ssl_, all.data(), static_cast<int>(all.size())) <= 0)
        return "closed";
    const int n = SSL_read(ssl_, reply, sizeof reply);
    return n > 0 ? std::string(reply, static_cast<size_t>(n)) : "closed";
}

} // namespace lk
