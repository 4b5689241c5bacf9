// A form that was refused is left behind as a page that can be opened: *Back* and a reload come to it again, where the
// browser would ask whether to send a password once more, or show an error page of its own.

history.replaceState(null, "", document.currentScript.dataset.here);
