var __rewriteRelativeImportExtension = (this && this.__rewriteRelativeImportExtension) || function (path, preserveJsx) {
    if (typeof path === "string" && /^\.\.?\//.test(path)) {
        return path.replace(/\.(tsx)$|((?:\.d)?)((?:\.[^./]+?)?)\.([cm]?)ts$/i, function (m, tsx, d, ext, cm) {
            return tsx ? preserveJsx ? ".jsx" : ".js" : d && (!ext || !cm) ? m : (d + ext + "." + cm.toLowerCase() + "js");
        });
    }
    return path;
};
/** Starts the post phase. The runner does not tell a program which phase it starts, so this file sets a variable, and runs the bundle beside it. */
process.env.MARINA_PHASE = 'post';
const bundle = './index.js';
await import(__rewriteRelativeImportExtension(bundle));
export {};
