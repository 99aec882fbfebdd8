// Serves OCSP with the server of the npm package ocsp, for scripts/interop-responders.
//
// Usage: node npm-ocsp.js MODULES PORT ISSUER KEY SERIAL REVOKED
//
// MODULES is the folder node_modules, ISSUER and KEY are files in PEM, SERIAL and REVOKED
// serials in hexadecimal: the first is answered good, the other revoked for keyCompromise.
'use strict';

const fs = require('fs');
const path = require('path');

const [modules, port, issuer, key, good, revoked] = process.argv.slice(2);
const ocsp = require(path.resolve(modules, 'ocsp'));
const day = 24 * 3600 * 1000;

const server = ocsp.Server.create({
	cert: fs.readFileSync(issuer),
	key: fs.readFileSync(key),
	nextUpdate: 4 * day,
});
// The server writes serials as bn.js does: lower case, no leading zeros.
const written = (serial) => serial.toLowerCase().replace(/^0+/, '');
server.addCert(written(good), 'good');
server.addCert(written(revoked), 'revoked', {
	revocationTime: new Date(Date.now() - day),
	revocationReason: 'keyCompromise',
});
server.listen(Number(port), '127.0.0.1');
