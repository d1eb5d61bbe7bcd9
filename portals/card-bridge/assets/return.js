// Sends the answer back without a press of the button. Without scripts the button does the same.
document.getElementById("return").requestSubmit();
