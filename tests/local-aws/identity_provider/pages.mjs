// What people see of the provider. It loads nothing from anywhere, so it works on a machine without a network.

const escaped = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function text(value) {
  return String(value ?? "").replace(/[&<>"']/g, (character) => escaped[character]);
}

function page(title, body) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(title)}</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem; }
button { font: inherit; padding: 0.4rem 0.8rem; text-align: left; width: 100%; }
</style>
<main>
<h1>${text(title)}</h1>
${body}
</main>
</html>
`;
}

export function choice(uid, users) {
  const buttons = users.map(({ sub, name, groups }) => {
    const roles = groups.join(", ") || "no group";
    return `<p><button name="sub" value="${text(sub)}">${text(name)} (${text(sub)}; ${text(roles)})</button></p>`;
  });
  const form = `<form method="post" action="/interaction/${text(uid)}">\n${buttons.join("\n")}\n</form>`;
  return page("Sign in as", `<p>These are sample users of the local AWS. They have no password.</p>\n${form}`);
}

// `form` is the provider's own, without a button; it ends the session here, too, when it says `logout`.
export function signOut(form) {
  const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
  return page("Sign out of the provider, too?", `${form}\n<p>${button}</p>`);
}

export const signedOut = page("You are signed out of the provider", "<p>You can close this window.</p>");

export function refusal({ error, error_description }) {
  return page("The provider refuses this", `<p>${text(error)}: ${text(error_description)}</p>`);
}
