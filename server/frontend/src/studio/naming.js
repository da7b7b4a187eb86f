// A button beside an element works while its name is still being typed: losing the focus would redraw it under the mouse.

class Naming {
  constructor(canvas, directEditing) {
    const keepFocus = (event) => directEditing.isActive() && event.target.closest('.djs-context-pad') && event.preventDefault();
    canvas.getContainer().addEventListener('mousedown', keepFocus, true);
  }
}

Naming.$inject = ['canvas', 'directEditing'];

/** The module that lets a name be finished by going on. */
export default { __init__: ['icityNaming'], icityNaming: ['type', Naming] };
