/*
 * tls_client.h — a client that speaks TLS, in a line and its answer.
 */
#ifndef LK_TEST_TLS_CLIENT_H
#define LK_TEST_TLS_CLIENT_H

#include "tests/support/certificates.h"
#include "tests/support/client.h"

#include <openssl/ssl.h>

#include <string>

namespace lk
{

/* Trusts whoever it finds; nothing here throws, and each wait is the socket's. */
class TlsClient
{
  public:
    /* Shows the certificate of that name, unless it is NULL; takes up a session, if there is one.
     */
    TlsClient(const Certificates &all, const char *who, int port, SSL_SESSION *again = nullptr);
    TlsClient(const TlsClient &) = delete;
    TlsClient &operator=(const TlsClient &) = delete;
    ~TlsClient();

    bool is_up() const
    {
        return up_;
    }
    /* One read of what is answered to a line; "closed", if it is not. */
    std::string call(const std::string &line);
    SSL *ssl()
    {
        return ssl_;
    }

  private:
    Client socket_;
    SSL_CTX *context_;
    SSL *ssl_;
    bool up_;
};

} // namespace lk

#endif
