// An OpenID Connect provider on 127.0.0.1 for one application: authorization code with PKCE, the claims `groups`, `email` and `name`.
// The first argument is a JSON object: `modules` (the folder node_modules), `origin` (of the application), `client_id`, `port`.
// It prints one line of JSON with its issuer once it listens, and ends with its standard input, so with whoever started it.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { choice, refusal, signedOut, signOut } from "./pages.mjs";

const asked = JSON.parse(process.argv[2]);
const { Provider } = await import(pathToFileURL(join(asked.modules, "oidc-provider", "lib", "index.js")));
const users = JSON.parse(readFileSync(new URL("users.json", import.meta.url), "utf8"));
const sent = users.map((user) => ({ ...user, email: `${user.sub}@example.com`, email_verified: true }));

const server = createServer();
await new Promise((listening) => server.listen(asked.port ?? 0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: asked.client_id,
      token_endpoint_auth_method: "none",
      response_types: ["code"],
      grant_types: ["authorization_code"],
      redirect_uris: [`${asked.origin}/signed-in`],
      post_logout_redirect_uris: [`${asked.origin}/signed-out`],
    },
  ],
  jwks: { keys: [{ ...signing, use: "sig", alg: "RS256" }] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  pkce: { required: () => true },
  responseTypes: ["code"],
  scopes: ["openid", "email", "profile"],
  claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["name"] },
  // As Cognito does: what a scope names is in the ID token, and nobody has to ask again.
  conformIdTokenClaims: false,
  ttl: { Session: 3600, Grant: 3600, Interaction: 600, AuthorizationCode: 60, IdToken: 600, AccessToken: 600 },
  findAccount: (_context, sub) => {
    const found = sent.find((user) => user.sub === sub);
    return found && { accountId: sub, claims: () => found };
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (context, form) => {
        context.body = signOut(form);
      },
      postLogoutSuccessSource: (context) => {
        context.body = signedOut;
      },
    },
  },
  renderError: (context, problem) => {
    context.type = "html";
    context.body = refusal(problem);
  },
  // The application is ours: nobody is asked whether it may know who they are.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

provider.use(async (context, next) => {
  const [, uid] = context.path.match(/^\/interaction\/([\w-]+)$/) ?? [];
  if (!uid) return next();
  if (context.method === "GET") {
    context.type = "html";
    context.body = choice(uid, users);
    return undefined;
  }
  const form = new URLSearchParams(await read(context.req));
  const result = { login: { accountId: form.get("sub") } };
  const to = await provider.interactionResult(context.req, context.res, result, { mergeWithLastSubmission: false });
  context.status = 303;
  return context.redirect(to);
});

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

server.on("request", provider.callback());
console.log(JSON.stringify({ issuer }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
