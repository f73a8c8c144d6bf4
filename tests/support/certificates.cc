#include "tests/support/certificates.h"

#include <cstdio>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace lk
{

namespace
{

using File = std::unique_ptr<FILE, int (*)(FILE *)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY *)>;
using Certificate = std::unique_ptr<X509, void (*)(X509 *)>;

File open_file(const std::string &path, const char *mode)
{
    File f(fopen(path.c_str(), mode), fclose);
    if (!f)
        throw std::runtime_error("cannot open " + path);
    return f;
}

void expect(bool well)
{
    if (!well)
        throw std::runtime_error("libcrypto will not make a certificate");
}

void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    expect(e && X509_add_ext(x, e, -1));
    X509_EXTENSION_free(e);
}

} // namespace

Certificates::Certificates(const std::string &directory) : directory_(directory)
{
    Options authority;
    authority.authority = true;
    make("ca", authority);
    make("server");
    make("client");
}

void Certificates::make(const std::string &name, const Options &o)
{
    const bool own = name == o.signer;
    const Key pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate x(X509_new(), X509_free);
    Key signer_key(nullptr, EVP_PKEY_free);
    Certificate signer(nullptr, X509_free);
    if (!own) {
        signer_key.reset(
            PEM_read_PrivateKey(open_file(key(o.signer), "r").get(), nullptr, nullptr, nullptr));
        signer.reset(PEM_read_X509(open_file(crt(o.signer), "r").get(), nullptr, nullptr, nullptr));
        expect(signer_key && signer);
    }
    expect(X509_set_version(x.get(), 2));
    expect(ASN1_INTEGER_set(X509_get_serialNumber(x.get()), serial_++));
    expect(X509_gmtime_adj(X509_getm_notBefore(x.get()), o.from_s));
    expect(X509_gmtime_adj(X509_getm_notAfter(x.get()), o.until_s));
    X509_NAME *subject = X509_get_subject_name(x.get());
    const std::string &common = o.common_name.empty() ? name : o.common_name;
    expect(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char *>(common.data()),
                                      int(common.size()), -1, 0));
    expect(X509_set_issuer_name(x.get(), own ? subject : X509_get_subject_name(signer.get())));
    expect(X509_set_pubkey(x.get(), pair.get()));
    add_extension(x.get(), own ? x.get() : signer.get(), NID_basic_constraints,
                  o.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(x.get(), own ? x.get() : signer.get(), NID_subject_alt_name,
                  ("DNS:localhost,IP:127.0.0.1" + o.more_names).c_str());
    expect(X509_sign(x.get(), own ? pair.get() : signer_key.get(), EVP_sha256()));
    const File crt_file = open_file(crt(name), "w");
    expect(PEM_write_X509(crt_file.get(), x.get()));
    if (o.append_signer)
        expect(PEM_write_X509(crt_file.get(), signer.get()));
    const File key_file = open_file(key(name), "w");
    expect(PEM_write_PrivateKey(key_file.get(), pair.get(),
                                o.password.empty() ? nullptr : EVP_aes_256_cbc(),
                                reinterpret_cast<const unsigned char *>(o.password.data()),
                                int(o.password.size()), nullptr, nullptr));
}

} // namespace lk
